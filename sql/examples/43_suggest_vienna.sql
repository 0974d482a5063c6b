-- Which Vienna codes does a mark probably carry, by the marks that look like it? (A handle can be asked about as well.)
-- (Put source and file name of a mark of yours, or its id, in place of 'example' and 'sun-yellow.png'.)
select s.code, s.heading, round(s.weight::numeric, 2) as weight, s.carriers, m.file as nearest
  from logosim.suggest_vienna(logosim.mark_id('example', 'sun-yellow.png'), k => 5, level => 'division') s
  join logosim.mark m on m.mark_id = s.nearest
 order by s.weight desc, s.code;
