-- Which earlier marks could the picture in a file be confused with? From psql alone; a worker must be running:
--     logosim worker --pictures &
--     logosim db psql -v file=LOGO.png -f sql/examples/24_embed_picture.sql
-- (Any other client sends the bytes as a parameter: call logosim.embed_picture($1). Outside of transaction blocks.)
\set content `base64 < :'file'`
call logosim.embed_picture(decode(:'content', 'base64'), vienna_codes => '{01.03}') \gset

select s.mark_id, s.brand_text, s.found_by
     , round(s.best::numeric, 3) as best
     , round(1 - s.look_distance::numeric, 3) as cosine
  from logosim.similar_to(:'handle', k => 10) s;
