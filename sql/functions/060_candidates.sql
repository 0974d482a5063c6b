-- Purpose: stage 1 of every search: candidates by look and by name among the marks that pass a filter.
-- Callers: logosim/store/search.py, analysts, logosim.similar, logosim.sounds_like.
-- Cost: BENCHMARKS.md has the demo corpus (stage candidates); 770,000 marks have not been measured.
-- Routes. Few marks pass: all their embeddings are compared (exact). Many pass: the HNSW index is scanned on and on
--   until enough of them are found (hnsw); should it give up early, the exact route answers instead, so that there are
--   never fewer rows than asked for while more exist. Where the line lies can be set: logosim.exact_rows.
-- Notes. The index serves only `order by embedding::halfvec(n) <=> constant limit k` with a constant model_id, hence
--   dynamic SQL; the exact route leaves the cast out, so that the index cannot be taken for it. Settings on a function
--   do not reach the workers of a Citus cluster: there, set hnsw.* on the workers' database.

create or replace function logosim._filter(
    vienna_any  text[]
  , vienna_all  text[]
  , year_from   integer
  , year_to     integer
  , sources     text[]
  , has_text    boolean
  , exclude     uuid
) returns text
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  -- Conditions on a mark m over the parameters $4 to $9 of the statements of logosim.candidates; empty where nothing is filtered.
  select concat(
    case when cardinality(vienna_any) > 0 then ' and m.vienna_keys && $4' end
  , case when cardinality(vienna_all) > 0 then ' and m.vienna_keys @> $5' end
  , case when year_from is not null then ' and m.year >= $6' end
  , case when year_to is not null then ' and m.year <= $7' end
  , case when cardinality(sources) > 0 then ' and m.source = any ($8)' end
  , case has_text when true then ' and m.brand_text is not null' when false then ' and m.brand_text is null' end
  , case when exclude is not null then ' and m.mark_id <> $9' end)
$$;

comment on function logosim._filter(text[], text[], integer, integer, text[], boolean, uuid) is
  'Internal: the where clause of a search, over numbered parameters';

create or replace function logosim._exact_rows() returns bigint
language sql stable parallel safe
set search_path = pg_catalog
as $$
  select coalesce(nullif(current_setting('logosim.exact_rows', true), '')::bigint, 20000)
$$;

comment on function logosim._exact_rows() is
  'Internal: up to how many passing marks are compared one by one: setting logosim.exact_rows, by default 20000';

create or replace function logosim.candidates(
    query_embedding  halfvec default null
  , query_text       text    default null
  , query_phonemes   text    default null
  , vienna_any       text[]  default null
  , vienna_all       text[]  default null
  , year_from        integer default null
  , year_to          integer default null
  , sources          text[]  default null
  , has_text         boolean default null
  , exclude          uuid    default null
  , candidates       integer default 1000
  , name_candidates  integer default 200
  , exact            boolean default false
) returns table (
    mark_id              uuid
  , found_by             text[]
  , look_distance        real
  , spelling_similarity  real
  , sound_similarity     real
  , brand_text           text
  , file                 text
  , source               text
  , year                 integer
  , vienna_codes         text[]
  , route                text
  , passed               bigint
  , complete             boolean
)
language plpgsql stable
set search_path = logosim, public, pg_temp
set jit = off
set enable_sort = on
set hnsw.iterative_scan = relaxed_order
set hnsw.ef_search = 400
set hnsw.max_scan_tuples = 100000
set hnsw.scan_mem_multiplier = 16
as $$
declare
  model        logosim.model;
  any_codes    text[] := logosim._vienna_codes(vienna_any);
  all_codes    text[] := logosim._vienna_codes(vienna_all);
  spelling     text := logosim.normalise_text(query_text);
  sound        text := nullif(coalesce(query_phonemes, logosim.phonemes(query_text)), '');
  filter       text := logosim._filter(any_codes, all_codes, year_from, year_to, sources, has_text, exclude);
  exact_rows   bigint := logosim._exact_rows();
  is_filtered  boolean := logosim._filter(any_codes, all_codes, year_from, year_to, sources, has_text, null) <> '';
  chosen       text := 'name';
  passing      bigint;
  is_complete  boolean := true;
  look_ids     uuid[] := '{}';
begin
  if query_embedding is null and query_text is null and query_phonemes is null then
    perform logosim._bad_argument('Nothing is asked about', 'Give query_embedding, query_text or query_phonemes');
  end if;
  if candidates not between 1 and 100000 or name_candidates not between 0 and 100000 then
    perform logosim._bad_argument('candidates must be 1 to 100000, and name_candidates 0 to 100000');
  end if;

  if sound is not null then
    perform logosim.require_pronunciation(case when query_phonemes is null then 'rules' end);
  end if;

  select * into model from logosim.model m where m.active;
  if query_embedding is not null then
    model := logosim._model_of(query_embedding);
  end if;

  -- Counted no further than the choice of a route needs.
  execute format('select count(*) from (select from logosim.mark m where true %s limit %s) counted', filter, exact_rows + 1)
     into passing
    using null::halfvec, null::text, null::text, any_codes, all_codes, year_from, year_to, sources, exclude;
  if passing > exact_rows then
    passing := null;
  end if;

  if query_embedding is not null then
    chosen := case when exact or passing is not null then 'exact' else 'hnsw' end;

    if chosen = 'hnsw' then
      -- Reading the index in its order is the only plan without a sort.
      perform set_config('enable_sort', 'off', true);
      execute format(
        'select array_agg(nearest.mark_id)
           from (select f.mark_id
                   from logosim.mark_features f %s
                  where f.model_id = %s %s
                  order by f.embedding::halfvec(%s) <=> $1
                  limit %s) nearest'
        , case when filter <> '' then 'join logosim.mark m on m.mark_id = f.mark_id' else '' end
        , model.model_id, filter, model.dimensions, candidates)
         into look_ids
        using query_embedding, null::text, null::text, any_codes, all_codes, year_from, year_to, sources, exclude;
      perform set_config('enable_sort', 'on', true);
      if coalesce(cardinality(look_ids), 0) < candidates then
        chosen := 'exact';
      end if;
    end if;

    if chosen = 'exact' then
      execute format(
        'select array_agg(nearest.mark_id)
           from (select f.mark_id
                   from logosim.mark_features f %s
                  where f.model_id = %s %s
                  order by f.embedding <=> $1, f.mark_id
                  limit %s) nearest'
        , case when filter <> '' then 'join logosim.mark m on m.mark_id = f.mark_id' else '' end
        , model.model_id, filter, candidates)
         into look_ids
        using query_embedding, null::text, null::text, any_codes, all_codes, year_from, year_to, sources, exclude;
    end if;

    -- Pictures that no worker has seen yet cannot be found by look.
    execute format(
      'select not exists (
         select from logosim.work w join logosim.mark m on m.mark_id = w.mark_id where w.model_id = %s %s)'
      , model.model_id, filter)
       into is_complete
      using null::halfvec, null::text, null::text, any_codes, all_codes, year_from, year_to, sources, exclude;
    is_complete := is_complete and chosen = 'exact';
  end if;

  -- Spelling is compared by trigrams, sound by sketches: names that sound alike need not have three sounds in common.
  return query execute format(
    'with named as materialized (
       select n.mark_id, n.channel
         from logosim._name_candidates($2, $3, $14, $15, %1$s, $4, $5, $6, $7, $8, $9) n
        where %1$s > 0 and $16
     )
     , found as (
       select e.mark_id, array_agg(e.channel order by e.place) as found_by
         from (select mark_id, ''look'' as channel, 1 as place from unnest($10) as mark_id
               union all
               select mark_id, channel, case channel when ''spelling'' then 2 else 3 end from named) e
        group by e.mark_id
     )
     select c.*, $11, $12, $13
       from (select m.mark_id, found.found_by
                  , (f.embedding <=> $1)::real as look_distance
                  , similarity(m.normalised_text, $2) as spelling_similarity
                  , (1 - (s.sound <%%> logosim._sound_sketch($3)))::real as sound_similarity
                  , m.brand_text, m.file, m.source, m.year::integer as year, m.vienna_codes
               from found
               join logosim.mark m on m.mark_id = found.mark_id
               left join logosim.name_sketch s on s.mark_id = m.mark_id
               left join logosim.mark_features f on f.mark_id = m.mark_id and f.model_id = %2$s) c
      order by c.look_distance nulls last
             , coalesce(c.spelling_similarity, 0) + coalesce(c.sound_similarity, 0) desc
             , c.mark_id'
    , name_candidates, coalesce(model.model_id, 0))
    using query_embedding, spelling, sound, any_codes, all_codes, year_from, year_to, sources, exclude
        , look_ids, chosen, case when is_filtered then passing end, is_complete
        , logosim._filter(any_codes, all_codes, year_from, year_to, sources, null, exclude), exact
        , has_text is distinct from false;
end
$$;

comment on function logosim.candidates(halfvec, text, text, text[], text[], integer, integer, text[], boolean, uuid, integer, integer, boolean) is
'Stage 1 of a search: marks that look like an embedding or are spelt or sound like a text, among those that pass the filter, best look first, without one the best mean of spelling and sound.
vienna_any, vienna_all: codes of any level and spelling; at least one, or all of them. year_from, year_to: inclusive. sources: any of them. query_phonemes: how query_text sounds, made by the engine of logosim.pronunciation; null: by rule; empty: sounds are not asked about. has_text: marks with (without) a verbal element. exclude: leave this mark out. candidates: how many by look. name_candidates: how many each by spelling and sound. exact: compare with every passing mark.
found_by: look, spelling, sound. look_distance: cosine distance 0..2, for every mark that has features. spelling_similarity: trigrams, 0..1. sound_similarity: pairs and triples of sounds in classes, 0..1. route: exact, hnsw (approximate) or name. passed: how many marks pass the filter; null where there is none or they are too many to count. complete: no nearer mark can be missing, for the route was exact and every passing picture has been looked at.
Raises LS002 (wrong dimensions), LS003 (no active model), LS004 (bad Vienna code), LS006 (bad argument), LS009 (stored names are pronounced by another engine).';
