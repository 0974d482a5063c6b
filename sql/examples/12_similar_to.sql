-- Which earlier marks could a picture that is no mark yet be confused with, and in which of its regions?
-- (`logosim search FILE --keep` and POST /v1/queries give a handle; put yours in place of the newest one here.)
select s.mark_id, s.brand_text, s.region, s.found_by
     , round(s.best::numeric, 3) as best
     , round(1 - s.look_distance::numeric, 3) as cosine
  from logosim.similar_to(
         (select q.handle from logosim.query_picture q where q.expires_at > now() order by q.created_at desc limit 1)
       , year_from => 2000
       , k => 10) s;
