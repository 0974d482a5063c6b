-- Which models are there, and how many marks has each looked at?
select m.name, m.active, m.dimensions, count(f.mark_id) as marks
  from logosim.model m
  left join logosim.mark_features f on f.model_id = m.model_id
 group by m.model_id, m.name, m.active, m.dimensions
 order by m.model_id;
