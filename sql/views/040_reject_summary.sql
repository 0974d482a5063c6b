-- Purpose: why records were not taken in, batch by batch. Callers: analysts, operators. Cost: a scan of the rejections.

create or replace view logosim.reject_summary as
select r.batch_id
     , r.source
     , b.path
     , b.started_at
     , r.reason
     , count(*) as rejects
     , count(distinct r.path) as files
     , max(r.rejected_at) as last_rejected_at
     , (array_agg(r.detail order by r.path, r.line, r.record))[1] as example
  from logosim.ingest_reject r
  join logosim.ingest_batch b on b.batch_id = r.batch_id
 group by r.batch_id, r.source, b.path, b.started_at, r.reason;

comment on view logosim.reject_summary is 'Records that were not taken in, by batch and reason, in one row each; logosim.ingest_reject has every record';
comment on column logosim.reject_summary.batch_id is 'Batch that met them last';
comment on column logosim.reject_summary.source is 'Source the records belong to';
comment on column logosim.reject_summary.path is 'Folder or file that was read';
comment on column logosim.reject_summary.started_at is 'When the batch began';
comment on column logosim.reject_summary.reason is 'Stable name of the reason, such as picture-missing';
comment on column logosim.reject_summary.rejects is 'How many records';
comment on column logosim.reject_summary.files is 'In how many files they stand';
comment on column logosim.reject_summary.last_rejected_at is 'When the last of them was met';
comment on column logosim.reject_summary.example is 'What was said of the first of them';
