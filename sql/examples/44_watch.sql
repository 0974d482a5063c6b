-- Watch a mark of yours: save the search, run it now and again, and see only what is new.
-- (Put source and file name of a mark of yours, or its id, in place of 'example' and 'sun-yellow.png'.)
select logosim.save_watch(
         'sun'
       , asked => logosim.mark_id('example', 'sun-yellow.png')
       , threshold => 0.001       -- a usual one is 0.1, where the risk medium begins, or 0.5, where high does
       , vienna_any => '{01.03}'
       , shape_weight => 0.5);

select w.brand_text, round(w.score::numeric, 4) as score, w.risk, w.found_by, w.look, w.vienna, w.year
  from logosim.run_watch('sun') w;
select w.brand_text from logosim.run_watch('sun') w;  -- nothing new

select w.name, w.watched, w.brand_text, w.runs, w.reported, w.complete, w.last_error from logosim.watches w;

-- What was reported stays.
select h.reported_at, h.run, m.brand_text, h.score, h.risk
  from logosim.watch_hit h
  join logosim.watch w on w.watch_id = h.watch_id
  join logosim.mark m on m.mark_id = h.mark_id
 where w.name = 'sun'
 order by h.hit_id;

select logosim.drop_watch('sun');
