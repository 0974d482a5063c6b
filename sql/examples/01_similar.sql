-- Which earlier marks could the mark of this picture file be confused with?
-- (Put source and file name of a mark of yours, or its id, in place of 'example' and 'sun-yellow.png'.)
select s.mark_id, s.brand_text, s.year, s.found_by
     , round(s.best::numeric, 3) as best
     , round(1 - s.look_distance::numeric, 3) as cosine
  from logosim.similar(logosim.mark_id('example', 'sun-yellow.png'), k => 10) s;
