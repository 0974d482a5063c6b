-- Which earlier marks could a picture that is no mark yet be confused with, by all that can be compared?
-- (`logosim search FILE --keep` and POST /v1/queries give a handle; put yours in place of the newest one here.)
select s.rank, s.brand_text, s.region, s.score, s.risk
  from logosim.search(
         (select q.handle from logosim.query_picture q where q.expires_at > now() order by q.created_at desc limit 1)
       , k => 10) s;
