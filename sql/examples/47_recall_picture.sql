-- What was seen in a picture that is kept, region by region?
-- (`logosim search FILE --keep` and POST /v1/queries give a handle; put yours in place of the newest one here.)
select r.region_number, r.figure_number, r.region_left, r.region_top, r.region_width, r.region_height, r.brand_text
  from logosim.recall_picture(
         (select q.handle from logosim.query_picture q where q.expires_at > now() order by q.created_at desc limit 1)) r;
