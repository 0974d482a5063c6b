-- Purpose: who may do what, in full: everything is taken away first and given again.
--   logosim_analyst  read all but keys and staging; search
--   logosim_worker   claim, finish and fail work; take marks in; remember pictures that are asked about
--   logosim_api      read and search; take marks in; remember pictures that are asked about; check API keys
-- Functions that write are security definer with a pinned search path: the roles may execute them and write no table
-- (but the staging table, which COPY needs). Owner's functions (models, keys, refreshing) are granted to nobody.

revoke all on schema logosim from public;
revoke all on all tables in schema logosim from public, logosim_analyst, logosim_worker, logosim_api;
revoke all on all functions in schema logosim from public, logosim_analyst, logosim_worker, logosim_api;

grant usage on schema logosim to logosim_analyst, logosim_worker, logosim_api;

-- What all three read.
grant select on
    logosim.mark
  , logosim.model
  , logosim.mark_features
  , logosim.work
  , logosim.ingest_batch
  , logosim.ingest_reject
  , logosim.query_picture
  , logosim.query_region
  , logosim.name_sketch
  , logosim.word
  , logosim.word_census
  , logosim.transliteration
  , logosim.phoneme_rule
  , logosim.pronunciation
  , logosim.vienna
  , logosim.sql_file
  , logosim.revision
  , logosim.queue_health
  , logosim.mark_overview
  , logosim.vienna_coverage
to logosim_analyst, logosim_worker, logosim_api;

grant select on logosim.api_key to logosim_api;
grant insert on logosim.mark_staging to logosim_worker, logosim_api;

-- Functions that only compute or read with the caller's own rights, and change nothing, are everyone's.
do $$
declare
  readable regprocedure;
begin
  for readable in
    select p.oid::regprocedure
      from pg_proc p
     where p.pronamespace = 'logosim'::regnamespace and p.provolatile in ('i', 's') and not p.prosecdef
  loop
    execute format('grant execute on function %s to logosim_analyst, logosim_worker, logosim_api', readable);
  end loop;
end
$$;

grant execute on function
    logosim.work_status()
  , logosim._expected_names(text, text[], text[], integer, integer, text[], uuid)
to logosim_analyst, logosim_worker, logosim_api;

grant execute on function
    logosim.claim_work(text, integer, interval, smallint, integer)
  , logosim.heartbeat_work(uuid, interval)
  , logosim.finish_work(uuid, uuid[], public.halfvec[], bytea[], integer[], integer[], text[], smallint)
  , logosim.fail_work(uuid, uuid[], text[], boolean[], integer, text[])
  , logosim.release_work(uuid)
  , logosim.retry_dead()
to logosim_worker;

grant execute on function
    logosim.begin_ingest(text, text)
  , logosim.merge_marks(bigint)
  , logosim.record_rejects(bigint, text[], integer[], integer[], text[], text[])
  , logosim.finish_ingest(bigint, integer)
  , logosim.count_words(double precision)
to logosim_worker, logosim_api;

grant execute on function logosim.remember_picture(
    smallint, text, integer[], integer[], integer[], integer[], integer[], integer[], text[], public.halfvec[], bytea[], text[], bytea
  , interval)
to logosim_worker, logosim_api;
