-- Which models are there, which one do searches use, and how far are the others?
select s.name, s.state, s.seen, s.marks, s.waiting, s.dead, s.is_indexed
  from logosim.model_state s
 order by s.model_id;
