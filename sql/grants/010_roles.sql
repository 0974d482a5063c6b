-- Purpose: who may do what, in full: everything is taken away first and given again.
--   logosim_analyst  read all but keys, staging and pictures that wait for a worker; search, and save searches of its own to
--                    be run again; hand pictures to workers
--   logosim_worker   claim, finish and fail work; take marks in; remember and answer pictures that are asked about; run all
--                    watches
--   logosim_api      read and search; save searches; take marks in; remember pictures that are asked about; check API keys
-- Functions that write are security definer with a pinned search path: the roles may execute them and write no table
-- (but the staging table, which COPY needs). Owner's functions (models, keys, refreshing, time limits) are granted to nobody.

revoke all on schema logosim from public;
revoke all on all tables in schema logosim from public, logosim_analyst, logosim_worker, logosim_api;
revoke all on all routines in schema logosim from public, logosim_analyst, logosim_worker, logosim_api;

grant usage on schema logosim to logosim_analyst, logosim_worker, logosim_api;

-- What all three read.
grant select on
    logosim.mark
  , logosim.model
  , logosim.mark_features
  , logosim.mark_look
  , logosim.mark_coarse
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
  , logosim.segment
  , logosim.generic_word
  , logosim.calibration
  , logosim.vienna
  , logosim.sql_file
  , logosim.revision
  , logosim.queue_health
  , logosim.mark_overview
  , logosim.vienna_coverage
  , logosim.model_state
  , logosim.mark_vienna
  , logosim.year_coverage
  , logosim.model_coverage
  , logosim.reject_summary
  , logosim.watch
  , logosim.watch_hit
  , logosim.watches
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

grant execute on function logosim._expected(text)
to logosim_analyst, logosim_worker, logosim_api;

grant execute on function logosim.work_status() to logosim_analyst, logosim_worker, logosim_api;
grant execute on function logosim._names_are_compared(text, text[], text[], integer, integer, text[], uuid, text[])
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

-- A picture from any SQL client: asking is searching, answering is work.
grant execute on function
    logosim.submit_picture(bytea, text, text[], integer[], interval, interval)
  , logosim.picture_answer(uuid)
  , logosim.withdraw_picture(uuid)
  , logosim.pictures_waiting()
  , logosim._said_of_commit()
to logosim_analyst, logosim_worker, logosim_api;

grant execute on procedure logosim.embed_picture(bytea, text, text[], integer[], interval, interval, uuid)
to logosim_analyst, logosim_worker, logosim_api;

grant execute on function
    logosim.claim_picture(text, smallint, interval, integer)
  , logosim.heartbeat_picture(uuid, interval)
  , logosim.finish_picture(uuid, uuid)
  , logosim.refuse_picture(uuid, text, text, text)
  , logosim.release_picture(uuid)
to logosim_worker;

-- Saved searches: each login role changes its own, as these functions see to.
grant execute on function
    logosim.save_watch(
      text, uuid, text, double precision, text[], text[], integer, integer, text[], boolean, boolean, double precision
    , double precision, double precision, double precision, double precision, text[])
  , logosim.run_watch(text)
  , logosim.drop_watch(text)
to logosim_analyst, logosim_worker, logosim_api;

grant execute on function
    logosim.claim_watch(interval, text[])
  , logosim.fail_watch(text, text)
  , logosim._look_again(text, uuid)
to logosim_worker;
