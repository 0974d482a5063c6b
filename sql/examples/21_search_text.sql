-- Which earlier marks could a name be confused with that somebody wants to register for birds (03.07), as the API answers?
select s.rank, s.brand_text, s.year, round(s.score::numeric, 3) as score, s.risk
     , round(s.sound::numeric, 2) as sound
     , round(s.spelling::numeric, 2) as spelling
     , round(s.vienna::numeric, 2) as vienna
  from logosim.search_text('Pellican', query_codes => '{03.07}', vienna_none => '{26.04}', k => 10) s;
