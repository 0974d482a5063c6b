-- Is the queue moving, and what was given up?
select * from logosim.queue_health;

select m.file, w.attempts, w.last_error
  from logosim.work w
  join logosim.mark m on m.mark_id = w.mark_id
 where w.state = 'dead'
 order by w.updated_at desc
 limit 20;
