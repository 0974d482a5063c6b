-- Role: logosim_worker
-- Take marks in without the command line: stage them (COPY is quicker than insert), merge them, say what was rejected.
do $$
declare
  batch  bigint := logosim.begin_ingest('example', '/example/more.csv');
  merged record;
begin
  insert into logosim.mark_staging (batch_id, source, file, brand_text, vienna_codes, year, picture_location
       , picture_sha256, picture_bytes)
  values (batch, 'example', 'moon.png', 'LUNA', '{01.07.01}', 2021, '/example/moon.png', repeat('c', 64), 1000);
  select * into merged from logosim.merge_marks(batch);
  perform logosim.record_rejects(batch, '{/example/more.csv}', '{3}', '{2}', '{picture-missing}', '{There is no star.png.}');
  perform logosim.finish_ingest(batch, read_count => 2);
  perform logosim.count_words(tolerance => 0.1);  -- how rare words are, where enough names have changed
  raise notice '% new, % changed', merged.inserted, merged.updated;
end
$$;

select b.read_count, b.inserted_count, b.rejected_count from logosim.ingest_batch b order by b.batch_id desc limit 1;
