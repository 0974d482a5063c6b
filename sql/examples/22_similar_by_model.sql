-- What would another model find? Any registered one that has seen the mark, before it becomes the active one.
select s.brand_text, s.file, s.best, s.look_distance
  from logosim.similar(
         logosim.mark_id('example', 'sun-yellow.png')
       , k => 5
       , model => (select m.name from logosim.model m order by m.registered_at limit 1)) s;
