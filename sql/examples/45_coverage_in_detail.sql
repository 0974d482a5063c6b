-- How many marks does each year have, what has each model looked at, why were records not taken in?
select * from logosim.year_coverage c order by c.year nulls last;
select * from logosim.model_coverage;
select s.batch_id, s.source, s.reason, s.rejects, s.example from logosim.reject_summary s order by s.batch_id, s.rejects desc;

-- Marks by what they show, in words.
select v.category, v.category_heading, count(distinct v.mark_id) as marks
  from logosim.mark_vienna v
 group by v.category, v.category_heading
 order by marks desc, v.category;
