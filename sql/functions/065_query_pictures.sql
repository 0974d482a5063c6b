-- Purpose: pictures that are asked about: kept under a handle once a program has turned them into features, recalled,
--   and searched with (stage 1).
-- Callers: logosim/store/query_pictures.py (roles logosim_api and logosim_worker may write), analysts.
-- Cost: remembering is a few rows and the picture's bytes; similar_to costs one logosim.candidates for each region.

create or replace function logosim.remember_picture(
    model_id        smallint
  , picture_sha256  text
  , region_numbers  integer[]
  , figure_numbers  integer[]
  , lefts           integer[]
  , tops            integer[]
  , widths          integer[]
  , heights         integer[]
  , brand_texts     text[]
  , embeddings      halfvec[]
  , patches         bytea[]
  , vienna_codes    text[]   default '{}'
  , picture         bytea    default null
  , keep_for        interval default '24 hours'
  , out handle      uuid
  , out expires_at  timestamptz
) returns record
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
declare
  made_with  logosim.model := logosim._active_model();
begin
  if cardinality(region_numbers) is null or cardinality(region_numbers) = 0 then
    perform logosim._bad_argument('A picture has at least one region', 'The whole picture is region 0');
  end if;
  if cardinality(region_numbers) is distinct from cardinality(figure_numbers)
     or cardinality(region_numbers) is distinct from cardinality(lefts)
     or cardinality(region_numbers) is distinct from cardinality(tops)
     or cardinality(region_numbers) is distinct from cardinality(widths)
     or cardinality(region_numbers) is distinct from cardinality(heights)
     or cardinality(region_numbers) is distinct from cardinality(brand_texts)
     or cardinality(region_numbers) is distinct from cardinality(embeddings)
     or cardinality(region_numbers) is distinct from cardinality(remember_picture.patches) then
    perform logosim._bad_argument('The arrays given to remember_picture differ in length');
  end if;
  if keep_for is null or keep_for <= interval '0' or keep_for > interval '30 days' then
    perform logosim._bad_argument('keep_for must be more than nothing and at most 30 days');
  end if;
  if remember_picture.model_id is distinct from made_with.model_id then
    raise exception 'The features were made with model %; model %, %, is the active one'
      , remember_picture.model_id, made_with.model_id, made_with.name
      using errcode = 'LS002', hint = 'Make them with the active model';
  end if;
  if exists (select from unnest(embeddings) as e where vector_dims(e) <> made_with.dimensions)
     or exists (
          select from unnest(remember_picture.patches) as p
           where octet_length(p) <> made_with.patch_grid ^ 2 * made_with.patch_dimensions) then
    raise exception 'The features do not have the dimensions of model %', made_with.name
      using errcode = 'LS002', hint = 'Make them with the active model';
  end if;

  -- What has expired goes now; what another call is deleting just then is left to it.
  delete from logosim.query_picture q
   where q.handle in (
           select x.handle from logosim.query_picture x where x.expires_at <= now() for update skip locked);

  insert into logosim.query_picture as q (model_id, picture_sha256, picture, vienna_codes, expires_at)
  values (made_with.model_id, remember_picture.picture_sha256, remember_picture.picture
        , array(select logosim.vienna_code(g.code)
                  from unnest(remember_picture.vienna_codes) with ordinality as g (code, place)
                 where g.code is not null
                 order by g.place)
        , now() + keep_for)
  returning q.handle, q.expires_at into handle, expires_at;

  insert into logosim.query_region (
         handle, region_number, figure_number, region_left, region_top, region_width, region_height, brand_text
       , embedding, patches)
  select remember_picture.handle, g.region_number, g.figure_number, g.region_left, g.region_top, g.region_width
       , g.region_height, nullif(g.brand_text, ''), g.embedding, g.patches
    from unnest(
           region_numbers, figure_numbers, lefts, tops, widths, heights, brand_texts, embeddings
         , remember_picture.patches)
         as g (region_number, figure_number, region_left, region_top, region_width, region_height, brand_text
             , embedding, patches);
end
$$;

comment on function logosim.remember_picture(smallint, text, integer[], integer[], integer[], integer[], integer[], integer[], text[], halfvec[], bytea[], text[], bytea, interval) is
'Keep a picture that is asked about, as a program has seen it with the active model, and return its handle; pictures that have expired are deleted on the way.
The arrays have an element for each region, and for each separate figure that a region has: the number of the region (from 1; 0: the whole picture) and of the figure (from 1; 0: the region itself), rectangle in pixels, name to compare (null: none), embedding and patches. picture: the file, for drawings. keep_for: how long the handle is good, at most 30 days.
Raises LS002 (another model, wrong dimensions), LS003 (no active model), LS004 (bad Vienna code), LS006 (bad argument).';

create or replace function logosim._remembered(handle uuid) returns logosim.query_picture
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  remembered  logosim.query_picture;
  active      logosim.model;
  watch_name  text;
begin
  select * into remembered from logosim.query_picture q where q.handle = _remembered.handle and q.expires_at > now();
  if remembered.handle is null then
    select w.name into watch_name from logosim.watch w where w.asked = _remembered.handle;
    if watch_name is not null then
      raise exception 'The picture of the watch % is gone', watch_name
        using errcode = 'LS007', hint = 'Remove the watch and save it anew with the picture';
    end if;
    raise exception 'There is no picture with the handle %, or it has expired', handle
      using errcode = 'LS007', hint = 'Hand the picture in again: logosim.embed_picture, logosim search FILE --keep, or POST /v1/queries';
  end if;
  active := logosim._active_model();
  -- What a model saw in a watched picture is emptied when the model is dropped.
  if remembered.model_id <> active.model_id
     or exists (select from logosim.query_region r where r.handle = remembered.handle and r.patches = '') then
    select w.name into watch_name from logosim.watch w where w.asked = _remembered.handle;
    if watch_name is not null then
      raise exception 'The picture of the watch % was looked at with another model than the active one, %'
        , watch_name, active.name
        using errcode = 'LS008'
            , hint = case
                       when remembered.picture is null
                         then 'Its file is not kept: remove the watch and save it anew with the picture'
                       else format('Run: logosim watch run %L. It looks at the picture again', watch_name)
                     end;
    end if;
    raise exception 'The picture with the handle % was looked at with another model than the active one, %'
      , handle, active.name
      using errcode = 'LS008', hint = 'Hand the picture in again: logosim.embed_picture, logosim search FILE --keep, or POST /v1/queries';
  end if;
  return remembered;
end
$$;

comment on function logosim._remembered(uuid) is
  'Internal: a picture that is asked about. Raises LS007 (unknown or expired handle), LS008 (made with another model), LS003 (no active model)';

create or replace function logosim.recall_picture(handle uuid) returns table (
    region_number    integer
  , figure_number    integer
  , region_left      integer
  , region_top       integer
  , region_width     integer
  , region_height    integer
  , brand_text       text
  , embedding        halfvec
  , patches          bytea
  , picture_sha256   text
  , vienna_codes     text[]
  , artifact_sha256  text
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
declare
  remembered  logosim.query_picture := logosim._remembered(handle);
begin
  return query
  select r.region_number::integer, r.figure_number::integer
       , r.region_left, r.region_top, r.region_width, r.region_height, r.brand_text, r.embedding, r.patches, remembered.picture_sha256, remembered.vienna_codes
       , (select m.artifact_sha256 from logosim.model m where m.model_id = remembered.model_id)
    from logosim.query_region r
   where r.handle = remembered.handle
   order by r.region_number, r.figure_number;
end
$$;

comment on function logosim.recall_picture(uuid) is
  'Regions of a picture that is asked about, and behind each its separate figures (figure_number from 1), with their features, and the SHA-256 of the picture and of the model''s weights. Raises LS007 (unknown or expired handle), LS008 (made with another model), LS003 (no active model)';

create or replace function logosim.similar_to(
    handle      uuid
  , vienna_any  text[]  default null
  , vienna_all  text[]  default null
  , year_from   integer default null
  , year_to     integer default null
  , sources     text[]  default null
  , has_text    boolean default null
  , k           integer default 20
  , exact       boolean default false
  , vienna_none text[]  default null
) returns table (
    mark_id              uuid
  , region               integer
  , found_by             text[]
  , best                 real
  , look_distance        real
  , spelling_similarity  real
  , sound_similarity     real
  , brand_text           text
  , file                 text
  , source               text
  , year                 integer
  , vienna_codes         text[]
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
declare
  remembered  logosim.query_picture := logosim._remembered(handle);
begin
  if (k between 1 and 10000) is not true then
    perform logosim._bad_argument('k must be 1 to 10000');
  end if;

  return query
  select nearest.*
    from (select distinct on (s.mark_id)
                 s.mark_id, nullif(r.region_number, 0)::integer as region, s.found_by
               , greatest(1 - s.look_distance, s.spelling_similarity, s.sound_similarity)::real as best
               , s.look_distance, s.spelling_similarity, s.sound_similarity
               , s.brand_text, s.file, s.source, s.year, s.vienna_codes
            from logosim.query_region r
           cross join lateral logosim.candidates(
                   query_embedding => r.embedding
                 , query_text => r.brand_text
                 , vienna_any => similar_to.vienna_any
                 , vienna_all => similar_to.vienna_all
                 , year_from => similar_to.year_from
                 , year_to => similar_to.year_to
                 , sources => similar_to.sources
                 , has_text => similar_to.has_text
                 , candidates => greatest(k, 200)
                 , name_candidates => greatest(k, 200)
                 , exact => exact
                 , vienna_none => similar_to.vienna_none) s
           where r.handle = remembered.handle
             and r.figure_number = 0
           order by s.mark_id, 4 desc nulls last, s.look_distance, r.region_number) nearest
   order by nearest.best desc nulls last, nearest.mark_id
   limit k;
end
$$;

comment on function logosim.similar_to(uuid, text[], text[], integer, integer, text[], boolean, integer, boolean, text[]) is
  'The k marks nearest to a picture that is asked about, by its handle, by look, spelling or sound: each once, with the region of the picture that it is most like (null: the whole picture is asked about); its separate figures do not ask. best: the largest of cosine similarity, spelling and sound. Filters as in logosim.candidates. Names are pronounced by rule. Raises LS007 (unknown or expired handle), LS008 (made with another model), LS009 (the picture has a name, and those stored are pronounced by another engine)';
