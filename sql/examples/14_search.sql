-- Which earlier marks could a mark be confused with, as the API answers: how likely, how found, and what speaks for it?
-- (Put source and file name of a mark of yours, or its id, in place of 'example' and 'sun-yellow.png'.)
select s.rank, s.brand_text, s.year, round(s.score::numeric, 4) as score, s.risk, s.found_by
     , round(s.look::numeric, 2) as look
     , round(s.sound::numeric, 2) as sound
     , round(s.vienna::numeric, 2) as vienna
     , round(s.look_contribution::numeric, 4) as of_the_score_by_look
  from logosim.search(logosim.mark_id('example', 'sun-yellow.png'), k => 10) s;
