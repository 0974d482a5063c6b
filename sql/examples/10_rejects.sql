-- What did the last batches bring, and which records were not taken in?
select b.batch_id, b.path, b.read_count, b.inserted_count, b.updated_count, b.unchanged_count, b.rejected_count
  from logosim.ingest_batch b
 order by b.batch_id desc
 limit 10;

select r.path, r.line, r.record, r.reason, r.detail
  from logosim.ingest_reject r
 order by r.rejected_at desc, r.path, r.line, r.record
 limit 50;
