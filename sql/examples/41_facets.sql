-- What is a search's answer made of: how many marks by Vienna division, year and source?
-- (Put source and file name of a mark of yours, or its id, in place of 'example' and 'sun-yellow.png'.)
select f.facet, f.value, f.heading, f.marks
  from logosim.facets(
         array(select s.mark_id from logosim.similar(logosim.mark_id('example', 'sun-yellow.png'), k => 1000) s)
       , level => 'division') f;
