-- Purpose: searches that are saved, to be asked again and again: a mark, a kept picture or a name is watched.
-- Callers: analysts, logosim/store/watches.py. Cost: a few rows; with skip_present one search.
-- Notes. A picture's handle runs out, so that a watch has a copy of the picture that does not, under a handle of its own:
--   every function that takes a handle takes it. Functions of this file and the next one write for roles that may not.

create or replace function logosim._watch(name text) returns logosim.watch
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
declare
  saved logosim.watch;
begin
  -- One at a time runs or drops a watch: who comes second waits, and sees what the first one did.
  select * into saved from logosim.watch w where w.name = _watch.name for update;
  if saved.watch_id is null then
    raise exception 'There is no watch called %', name
      using errcode = 'LS020', hint = 'select name from logosim.watches; save one with logosim.save_watch';
  end if;
  if saved.saved_by <> session_user
     and not pg_has_role(session_user, 'logosim_worker', 'member')
     and not pg_has_role(session_user, (select c.relowner from pg_class c where c.oid = 'logosim.watch'::regclass), 'member') then
    raise exception 'The watch % was saved by %', name, saved.saved_by
      using errcode = 'insufficient_privilege'
          , hint = 'What it has reported is in logosim.watch_hit; save one of your own to run it yourself';
  end if;
  return saved;
end
$$;

comment on function logosim._watch(text) is
  'Internal: lock a watch that the login role may run and drop: its own, or any where it works off queues or owns the schema. Raises LS020 (no such watch), 42501';

create or replace function logosim._mark_state(picture_sha256 text, brand_text text) returns text
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  select encode(sha256(convert_to(picture_sha256 || coalesce(' ' || brand_text, ''), 'UTF8')), 'hex')
$$;

comment on function logosim._mark_state(text, text) is
  'Internal: digest of what a mark is compared by. A mark with another one is reported anew';

create or replace function logosim._watch_found(saved logosim.watch, k integer) returns table (
    mark_id              uuid
  , score                real
  , found_by             text[]
  , look_distance        real
  , spelling_similarity  real
  , sound_similarity     real
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
declare
  f record;
begin
  select * into f
    from jsonb_to_record(saved.settings) as s (
           vienna_any text[], vienna_all text[], year_from integer, year_to integer, sources text[], has_text boolean);

  -- The one place where a watch searches, and where a score is held against its threshold.
  if saved.asked_text is not null then
    return query
    select s.mark_id, s.best, array_remove(array[
               case when s.spelling_similarity is not null then 'spelling' end
             , case when s.sound_similarity is not null then 'sound' end], null)
         , null::real, s.spelling_similarity, s.sound_similarity
      from logosim.sounds_like(
             saved.asked_text, f.vienna_any, f.vienna_all, f.year_from, f.year_to, f.sources, k => k) s
     where s.best >= saved.threshold
       and (f.has_text is null or f.has_text);  -- what is found by name has one
  elsif exists (select from logosim.mark m where m.mark_id = saved.asked) then
    return query
    select s.mark_id, s.best, s.found_by, s.look_distance, s.spelling_similarity, s.sound_similarity
      from logosim.similar(
             saved.asked, f.vienna_any, f.vienna_all, f.year_from, f.year_to, f.sources, f.has_text, k) s
     where s.best >= saved.threshold;
  else
    return query
    select s.mark_id, s.best, s.found_by, s.look_distance, s.spelling_similarity, s.sound_similarity
      from logosim.similar_to(
             saved.asked, f.vienna_any, f.vienna_all, f.year_from, f.year_to, f.sources, f.has_text, k) s
     where s.best >= saved.threshold;
  end if;
end
$$;

comment on function logosim._watch_found(logosim.watch, integer) is
  'Internal: the k marks nearest to what a watch asks, as far as they reach its threshold';

create or replace function logosim._report_watch(saved logosim.watch, run integer) returns boolean
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
declare
  depth    integer;
  reached  integer;
begin
  foreach depth in array array[1000, 10000] loop
    with found as materialized (
      select f.*, logosim._mark_state(m.picture_sha256, m.brand_text) as reported_as
        from logosim._watch_found(saved, depth) f
        join logosim.mark m on m.mark_id = f.mark_id
    )
    , reported as (
      insert into logosim.watch_hit (
             watch_id, mark_id, reported_as, run, score, found_by, look_distance, spelling_similarity, sound_similarity
           , again)
      select saved.watch_id, f.mark_id, f.reported_as, _report_watch.run, f.score, f.found_by, f.look_distance
           , f.spelling_similarity, f.sound_similarity
           , exists (
               select
                 from logosim.watch_hit h
                where h.watch_id = saved.watch_id and h.mark_id = f.mark_id and h.reported_as <> f.reported_as)
        from found f
       order by f.score desc, f.mark_id
          on conflict on constraint watch_hit_once_key do nothing
    )
    select count(*) into reached from found;
    exit when reached < depth;
  end loop;
  return reached < depth;
end
$$;

comment on function logosim._report_watch(logosim.watch, integer) is
  'Internal: search for a watch and report what it has not reported yet. Returns whether the search gave all that reach the threshold';

create or replace function logosim.save_watch(
    name          text
  , asked         uuid    default null
  , asked_text    text    default null
  , threshold     double precision default 0.8
  , vienna_any    text[]  default null
  , vienna_all    text[]  default null
  , year_from     integer default null
  , year_to       integer default null
  , sources       text[]  default null
  , has_text      boolean default null
  , skip_present  boolean default false
) returns bigint
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
declare
  given  logosim.query_picture;
  saved  logosim.watch;
begin
  if nullif(btrim(save_watch.name), '') is null then
    perform logosim._bad_argument('A watch needs a name', 'It is run and dropped by it');
  end if;
  if threshold is null or threshold not between 0 and 1 then
    perform logosim._bad_argument('threshold must be 0 to 1', 'It is the least score that is reported, as best in logosim.similar');
  end if;
  if num_nonnulls(save_watch.asked, save_watch.asked_text) <> 1 then
    perform logosim._bad_argument('A watch asks by one thing', 'Give asked, a mark or a handle, or asked_text, a name');
  end if;
  if save_watch.asked_text is not null and logosim.normalise_text(save_watch.asked_text) is null then
    perform logosim._bad_argument(
      format('There is nothing to pronounce in %L', left(save_watch.asked_text, 40)), 'Give a name in letters');
  end if;

  if save_watch.asked is not null and not exists (select from logosim.mark m where m.mark_id = save_watch.asked) then
    if not exists (select from logosim.query_picture q where q.handle = save_watch.asked) then
      raise exception 'There is no mark % and no kept picture with this handle', save_watch.asked
        using errcode = 'LS001'
            , hint = 'Ids are those of logosim.mark, or handles of logosim.query_picture; logosim.mark_id(source, file) computes an id';
    end if;
    given := logosim._remembered(save_watch.asked);
    insert into logosim.query_picture as q (model_id, picture_sha256, picture, vienna_codes, expires_at)
    values (given.model_id, given.picture_sha256, given.picture, given.vienna_codes, 'infinity')
    returning q.handle into save_watch.asked;
    insert into logosim.query_region (
           handle, region_number, figure_number, region_left, region_top, region_width, region_height, brand_text
         , embedding, patches)
    select save_watch.asked, r.region_number, r.figure_number, r.region_left, r.region_top, r.region_width
         , r.region_height, r.brand_text, r.embedding, r.patches
      from logosim.query_region r
     where r.handle = given.handle;
  end if;

  insert into logosim.watch as w (name, asked, asked_text, settings, threshold)
  values (btrim(save_watch.name), save_watch.asked, save_watch.asked_text
        , jsonb_strip_nulls(jsonb_build_object(
            'vienna_any', logosim._vienna_codes(vienna_any)
          , 'vienna_all', logosim._vienna_codes(vienna_all)
          , 'year_from', year_from
          , 'year_to', year_to
          , 'sources', nullif(sources, '{}')
          , 'has_text', has_text))
        , threshold)
      on conflict on constraint watch_name_key do nothing
  returning * into saved;
  if saved.watch_id is null then
    perform logosim._bad_argument(
      format('There is a watch called %s already', btrim(save_watch.name)), 'Drop it with logosim.drop_watch, or choose another name');
  end if;
  if skip_present then
    perform logosim._report_watch(saved, 0);
  end if;
  return saved.watch_id;
end
$$;

comment on function logosim.save_watch(text, uuid, text, double precision, text[], text[], integer, integer, text[], boolean, boolean) is
'Save a search under a name, for logosim.run_watch. Returns its number.
asked: a stored mark, or the handle of a kept picture, of which the watch keeps a copy that does not expire; asked_text: a name instead. threshold: the least score that is reported, best of logosim.similar, 0..1. Filters as in logosim.candidates. skip_present: what reaches the threshold now counts as known, and only what comes later is reported.
Raises LS001 (neither mark nor handle), LS004 (bad Vienna code), LS006 (bad argument, name taken), LS007 (expired handle), LS008 (handle of another model); with skip_present what the search raises.';

create or replace function logosim.drop_watch(name text) returns boolean
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
declare
  saved logosim.watch;
begin
  if not exists (select from logosim.watch w where w.name = drop_watch.name) then
    return false;
  end if;
  saved := logosim._watch(name);
  delete from logosim.query_picture q where q.handle = saved.asked and q.expires_at = 'infinity';
  delete from logosim.watch w where w.watch_id = saved.watch_id;
  return true;
end
$$;

comment on function logosim.drop_watch(text) is
  'Remove a watch with all it has reported and its copy of a picture. Returns false if there is none of that name. Raises 42501 where another login role saved it';
