-- Purpose: taking marks in. COPY puts rows into logosim.mark_staging, merge_marks upserts them and queues work.
-- Callers: logosim/store/ingest.py. Roles logosim_worker and logosim_api may execute these and COPY into the staging table.
-- Cost: in proportion to the marks; most of it is logosim.phonemes where the client has not staged pronunciations.
--   Everything is idempotent: the same batch again changes nothing.

create or replace function logosim.begin_ingest(source text, path text) returns bigint
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
declare
  new_batch bigint;
begin
  -- What batches that were broken off left in staging; a batch that still runs is younger than a day.
  delete from logosim.mark_staging s
   using logosim.ingest_batch b
   where b.batch_id = s.batch_id and b.started_at < now() - interval '1 day';
  insert into logosim.ingest_batch (source, path)
  values (begin_ingest.source, begin_ingest.path)
  returning batch_id into new_batch;
  return new_batch;
end
$$;

comment on function logosim.begin_ingest(text, text) is 'Begin a batch; returns its id, which staging rows carry';

create or replace function logosim.merge_marks(
    batch_id   bigint
  , out inserted   integer
  , out updated    integer
  , out unchanged  integer
  , out queued     integer
) returns setof record
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
set jit = off
as $$
begin
  if not exists (select from logosim.ingest_batch b where b.batch_id = merge_marks.batch_id) then
    perform logosim._bad_argument(format('There is no batch %s', batch_id), 'Begin one with logosim.begin_ingest');
  end if;

  -- Until this is over nobody goes over to another pronunciation engine.
  perform from logosim.pronunciation p for share;
  perform logosim.require_pronunciation(staged.engine, going_over => true)
     from (select distinct coalesce(s.phoneme_engine, 'rules') as engine
             from logosim.mark_staging s
            where s.batch_id = merge_marks.batch_id and s.brand_text is not null) staged;

  -- Until this is over no backfill begins and no other model becomes the active one (they take this lock alone): the
  -- marks are queued for the models that are fed when they can be seen.
  perform pg_advisory_xact_lock_shared(hashtext('logosim.register_model'));

  -- A worker that is about to finish one of these marks goes before or after the statement below, never between.
  perform logosim._lock_marks(array(
    select logosim.mark_id(s.source, s.file) from logosim.mark_staging s where s.batch_id = merge_marks.batch_id));

  with given as materialized (
    -- Of two rows of one mark the later one counts, as if they had come one after the other.
    select distinct on (logosim.mark_id(s.source, s.file))
           logosim.mark_id(s.source, s.file) as mark_id
         , s.*
      from logosim.mark_staging s
     where s.batch_id = merge_marks.batch_id
     order by logosim.mark_id(s.source, s.file), s.position desc
  )
  , compared as materialized (
    select g.*
         , m.mark_id is null as is_new
         , m.brand_text is distinct from g.brand_text as is_other_text
         , (m.file, m.brand_text, m.vienna_codes, m.year, m.picture_location, m.picture_sha256, m.picture_bytes)
           is distinct from
           (g.file, g.brand_text, g.vienna_codes, g.year, g.picture_location, g.picture_sha256, g.picture_bytes)
           as is_changed
         , m.picture_sha256 is distinct from g.picture_sha256 as is_other_picture
         , m.normalised_text as old_normalised_text
         , m.phonemes as old_phonemes
      from given g
      left join logosim.mark m on m.mark_id = g.mark_id
  )
  , written as (
    insert into logosim.mark as m (
           mark_id, source, file, brand_text, normalised_text, phonemes, vienna_codes, year
         , picture_location, picture_sha256, picture_bytes)
    select c.mark_id, c.source, c.file, c.brand_text
         , case when c.is_other_text then logosim.normalise_text(c.brand_text) else c.old_normalised_text end
         , case
             when not c.is_other_text then c.old_phonemes
             when coalesce(c.phoneme_engine, 'rules') = 'rules' then coalesce(c.phonemes, logosim.phonemes(c.brand_text))
             else c.phonemes
           end
         , c.vienna_codes, c.year, c.picture_location, c.picture_sha256, c.picture_bytes
      from compared c
     where c.is_new or c.is_changed
     order by c.mark_id
        on conflict on constraint mark_pkey do update
       set file = excluded.file
         , brand_text = excluded.brand_text
         , normalised_text = excluded.normalised_text
         , phonemes = excluded.phonemes
         , vienna_codes = excluded.vienna_codes
         , year = excluded.year
         , picture_location = excluded.picture_location
         , picture_width = case when m.picture_sha256 = excluded.picture_sha256 then m.picture_width end
         , picture_height = case when m.picture_sha256 = excluded.picture_sha256 then m.picture_height end
         , picture_sha256 = excluded.picture_sha256
         , picture_bytes = excluded.picture_bytes
         , updated_at = now()
    returning m.mark_id
  )
  , outdated as (
    -- What any model saw in a picture that is no longer the mark's.
    delete from logosim.mark_features f
     where f.mark_id = any (array(select c.mark_id from compared c where not c.is_new and c.is_other_picture))
  )
  , put_in_queue as (
    -- A picture that is new, changed, or was never looked at with one of the models that are fed: the active one, those
    -- being backfilled, and former ones that one can go back to. What was given up is tried again. Work that is leased
    -- stays leased: finish_work and fail_work see that the picture is another one and queue it again.
    insert into logosim.work as w (mark_id, model_id)
    select c.mark_id, fed.model_id
      from compared c
      left join written on written.mark_id = c.mark_id  -- the mark is written before its work
     cross join logosim.model fed
     where fed.fed
       and (c.is_new
            or c.is_other_picture
            or not exists (
                 select
                   from logosim.mark_features f
                  where f.model_id = fed.model_id and f.mark_id = c.mark_id and f.picture_sha256 = c.picture_sha256))
     order by c.mark_id, fed.model_id
        on conflict on constraint work_pkey do update
       set state = case w.state when 'dead' then 'queued' else w.state end
         , attempts = 0
         , not_before = now()
         , queued_at = now()
         , updated_at = now()
     where w.state = 'dead' or exists (select from compared c where c.mark_id = w.mark_id and c.is_other_picture)
    returning w.mark_id
  )
  select count(*) filter (where c.is_new)
       , count(*) filter (where not c.is_new and c.is_changed)
       , count(*) filter (where not c.is_new and not c.is_changed)
       , (select count(distinct p.mark_id) from put_in_queue p)
    into inserted, updated, unchanged, queued
    from compared c;

  delete from logosim.mark_staging s where s.batch_id = merge_marks.batch_id;

  update logosim.ingest_batch b
     set inserted_count = b.inserted_count + inserted
       , updated_count = b.updated_count + updated
       , unchanged_count = b.unchanged_count + unchanged
       , queued_count = b.queued_count + queued
   where b.batch_id = merge_marks.batch_id;
  return next;
end
$$;

comment on function logosim.merge_marks(bigint) is
  'Take the staged rows of a batch into logosim.mark, compute their search keys, queue pictures that are new or changed, and empty the staging table of them. May be called once per chunk. Raises LS009 if the client pronounced by another engine than that of logosim.pronunciation';

create or replace function logosim.record_rejects(
    batch_id  bigint
  , paths     text[]
  , lines     integer[]
  , records   integer[]
  , reasons   text[]
  , details   text[]
) returns integer
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
declare
  recorded integer;
begin
  insert into logosim.ingest_reject (batch_id, source, path, line, record, reason, detail)
  select distinct on (r.path, r.line, r.record, r.reason)
         b.batch_id, b.source, r.path, r.line, r.record, r.reason, r.detail
    from unnest(paths, lines, records, reasons, details) as r (path, line, record, reason, detail)
    join logosim.ingest_batch b on b.batch_id = record_rejects.batch_id
      on conflict on constraint ingest_reject_record_key do update
     set batch_id = excluded.batch_id
       , detail = excluded.detail
       , rejected_at = excluded.rejected_at;
  get diagnostics recorded = row_count;
  return recorded;
end
$$;

comment on function logosim.record_rejects(bigint, text[], integer[], integer[], text[], text[]) is
  'Keep records that were not taken in, each once: file, line, record, reason and a sentence. Returns how many';

create or replace function logosim.finish_ingest(batch_id bigint, read_count integer) returns void
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
begin
  update logosim.ingest_batch b
     set finished_at = now()
       , read_count = finish_ingest.read_count
       , rejected_count = (select count(*) from logosim.ingest_reject r where r.batch_id = finish_ingest.batch_id)
   where b.batch_id = finish_ingest.batch_id;
end
$$;

comment on function logosim.finish_ingest(bigint, integer) is 'End a batch with the number of records read';

create or replace function logosim.refresh_names() returns integer
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
declare
  renewed integer;
  by_rules boolean;
begin
  -- Our rules have a part in what other engines say, which only clients can say anew.
  update logosim.pronunciation p
     set complete = p.engine = 'rules', reached = null, changed_at = now()
  returning p.complete into by_rules;
  update logosim.mark m
     set normalised_text = n.normalised_text
       , phonemes = n.phonemes
    from (select k.mark_id, logosim.normalise_text(k.brand_text) as normalised_text
               , case when by_rules then logosim.phonemes(k.brand_text) else k.phonemes end as phonemes
            from logosim.mark k
           where k.brand_text is not null) n
   where m.mark_id = n.mark_id
     and (m.normalised_text, m.phonemes) is distinct from (n.normalised_text, n.phonemes);
  get diagnostics renewed = row_count;
  perform logosim._refresh_sketches();
  return renewed;
end
$$;

comment on function logosim.refresh_names() is
  'Compute the search keys of all names again, after their rules changed; pronunciations only if they are by rule, others are then to be made anew (logosim db pronounce). The upgrade calls it; returns how many changed';
