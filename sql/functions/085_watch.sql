-- Purpose: searches that are saved, to be asked again and again: a mark, a kept picture or a name is watched.
-- Callers: analysts, logosim/store/watches.py. Cost: a few rows; with skip_present one search, as logosim.search does it.
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

create or replace function logosim._watch_found(saved logosim.watch) returns table (
    mark_id   uuid
  , score     double precision
  , risk      text
  , found_by  text[]
  , look      real
  , shape     real
  , sound     real
  , spelling  real
  , vienna    real
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
           vienna_any text[], vienna_all text[], vienna_none text[], year_from integer, year_to integer, sources text[]
         , has_text boolean, look_weight double precision, shape_weight double precision, sound_weight double precision
         , spelling_weight double precision, vienna_weight double precision);

  -- The one place where a watch searches, and where a score is held against its threshold. What cannot reach it is not
  -- matched in full. A watch has no hurry: by look it compares with every mark that passes.
  return query
  select s.mark_id, s.score, s.risk, s.found_by, s.look, s.shape, s.sound, s.spelling, s.vienna
    from logosim._search(
           saved.asked, saved.asked_text, null, f.vienna_any, f.vienna_all, f.year_from, f.year_to, f.sources, f.has_text
         , k => 1000
         , exact => true
         , weights => logosim._weights(
             coalesce(f.look_weight, 1), coalesce(f.shape_weight, 1), coalesce(f.sound_weight, 1)
           , coalesce(f.spelling_weight, 1), coalesce(f.vienna_weight, 1))
         , vienna_none => f.vienna_none
         , least_score => saved.threshold) s;
end
$$;

comment on function logosim._watch_found(logosim.watch) is
  'Internal: what a watch finds, at most 1000 marks: hits of logosim.search, or search_text, whose score reaches its threshold';

create or replace function logosim._report_watch(saved logosim.watch, run integer) returns boolean
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
declare
  reached  integer;
begin
  with found as materialized (
    select f.*, logosim._mark_state(m.picture_sha256, m.brand_text) as reported_as
      from logosim._watch_found(saved) f
      join logosim.mark m on m.mark_id = f.mark_id
  )
  , reported as (
    insert into logosim.watch_hit (
           watch_id, mark_id, reported_as, run, score, risk, found_by, look, shape, sound, spelling, vienna, again)
    select saved.watch_id, f.mark_id, f.reported_as, _report_watch.run, f.score, f.risk, f.found_by, f.look, f.shape
         , f.sound, f.spelling, f.vienna
         , exists (
             select
               from logosim.watch_hit h
              where h.watch_id = saved.watch_id and h.mark_id = f.mark_id and h.reported_as <> f.reported_as)
      from found f
     order by f.score desc, f.mark_id
        on conflict on constraint watch_hit_once_key do nothing
  )
  select count(*) into reached from found;
  return reached < 1000;
end
$$;

comment on function logosim._report_watch(logosim.watch, integer) is
  'Internal: search for a watch and report what it has not reported yet. Returns whether fewer reached the threshold than a search gives';

create or replace function logosim.save_watch(
    name             text
  , asked            uuid    default null
  , asked_text       text    default null
  , threshold        double precision default 0.1
  , vienna_any       text[]  default null
  , vienna_all       text[]  default null
  , year_from        integer default null
  , year_to          integer default null
  , sources          text[]  default null
  , has_text         boolean default null
  , skip_present     boolean default false
  , look_weight      double precision default 1
  , shape_weight     double precision default 1
  , sound_weight     double precision default 1
  , spelling_weight  double precision default 1
  , vienna_weight    double precision default 1
  , vienna_none      text[]  default null
) returns bigint
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
declare
  given    logosim.query_picture;
  saved    logosim.watch;
  weights  constant double precision[] := logosim._weights(
    look_weight, shape_weight, sound_weight, spelling_weight, vienna_weight);
begin
  if nullif(btrim(save_watch.name), '') is null then
    perform logosim._bad_argument('A watch needs a name', 'It is run and dropped by it');
  end if;
  if threshold is null or threshold not between 0 and 1 then
    perform logosim._bad_argument('threshold must be 0 to 1', 'It is the least score that is reported, as logosim.search gives it');
  end if;
  if num_nonnulls(save_watch.asked, save_watch.asked_text) <> 1 then
    perform logosim._bad_argument('A watch asks by one thing', 'Give asked, a mark or a handle, or asked_text, a name');
  end if;
  if save_watch.asked_text is not null and logosim.normalise_text(save_watch.asked_text) is null then
    perform logosim._bad_argument(
      format('There is nothing to compare in %L', left(save_watch.asked_text, 40)), 'Give a name in letters or digits');
  end if;
  perform logosim._check_years(year_from, year_to);

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
          , 'has_text', has_text
          , 'look_weight', nullif(weights[1], 1)
          , 'shape_weight', nullif(weights[2], 1)
          , 'sound_weight', nullif(weights[3], 1)
          , 'spelling_weight', nullif(weights[4], 1)
          , 'vienna_weight', nullif(weights[5], 1)
          , 'vienna_none', logosim._vienna_codes(vienna_none)))
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

comment on function logosim.save_watch(text, uuid, text, double precision, text[], text[], integer, integer, text[], boolean, boolean, double precision, double precision, double precision, double precision, double precision, text[]) is
'Save a search under a name, for logosim.run_watch. Returns its number.
asked: a stored mark, or the handle of a kept picture, of which the watch keeps a copy that does not expire; asked_text: a name instead. threshold: the least score that is reported, the probability of a confusion, 0..1; 0.1 is where the risk medium begins, and 0.5 where high does. Filters and weights as in logosim.search. skip_present: what reaches the threshold now counts as known, and only what comes later is reported.
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
