-- Purpose: stage 1 of every search: candidates by look and by name among the marks that pass a filter.
-- Callers: logosim/store/search.py, analysts, logosim.similar, logosim.sounds_like.
-- Cost: BENCHMARKS.md, "Stage 1 at every selectivity" (by look, 770,000 marks).
-- Routes by look: logosim._look.

create or replace function logosim._filter(
    vienna_any  text[]
  , vienna_all  text[]
  , year_from   integer
  , year_to     integer
  , sources     text[]
  , has_text    boolean
  , exclude     uuid
  , vienna_none text[]
) returns text
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  -- Conditions on a mark m over the parameters $4 to $10 of the statements of logosim.candidates; empty where nothing is filtered.
  select concat(
    case when cardinality(vienna_any) > 0 then ' and m.vienna_keys && $4' end
  , case when cardinality(vienna_all) > 0 then ' and m.vienna_keys @> $5' end
  , case when year_from is not null then ' and m.year >= $6' end
  , case when year_to is not null then ' and m.year <= $7' end
  , case when cardinality(sources) > 0 then ' and m.source = any ($8)' end
  , case has_text when true then ' and m.brand_text is not null' when false then ' and m.brand_text is null' end
  , case when exclude is not null then ' and m.mark_id <> $9' end
  , case when cardinality(vienna_none) > 0 then ' and not m.vienna_keys && $10' end)
$$;

comment on function logosim._filter(text[], text[], integer, integer, text[], boolean, uuid, text[]) is
  'Internal: the where clause of a search, over numbered parameters';

create or replace function logosim.candidates(
    query_embedding    halfvec   default null
  , query_text         text      default null
  , query_phonemes     text      default null
  , vienna_any         text[]    default null
  , vienna_all         text[]    default null
  , year_from          integer   default null
  , year_to            integer   default null
  , sources            text[]    default null
  , has_text           boolean   default null
  , exclude            uuid      default null
  , candidates         integer   default 1000
  , name_candidates    integer   default 200
  , exact              boolean   default false
  , vienna_none        text[]    default null
  , model              text      default null
  , figure_embeddings  halfvec[] default null
  , figure_candidates  integer   default 300
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
  , examined             bigint
  , milliseconds         real
)
language plpgsql stable
set search_path = logosim, public, pg_temp
set jit = off
as $$
declare
  seen_by      logosim.model;
  any_codes    text[] := logosim._vienna_codes(vienna_any);
  all_codes    text[] := logosim._vienna_codes(vienna_all);
  spelling     text := logosim.normalise_text(query_text);
  sound        text := nullif(coalesce(query_phonemes, logosim.phonemes(query_text)), '');
  none_codes   text[] := logosim._vienna_codes(vienna_none);
  filter       text := logosim._filter(
                         any_codes, all_codes, year_from, year_to, sources, has_text, exclude, none_codes);
  is_filtered  boolean := filter <> '' and (exclude is null or logosim._filter(
                            any_codes, all_codes, year_from, year_to, sources, has_text, null, none_codes) <> '');
  exact_rows   bigint := logosim._exact_rows();
  name_filter  text := logosim._filter(  -- only marks with a name are found by it
                         any_codes, all_codes, year_from, year_to, sources, null, exclude, none_codes);
  passing      bigint;
  looked       record;
  is_complete  boolean := true;
  began        timestamptz := clock_timestamp();
begin
  if query_embedding is null and spelling is null and sound is null then
    perform logosim._bad_argument(
      'Nothing is asked about'
    , 'Give query_embedding, query_text or query_phonemes; a text without letters and digits has nothing to compare');
  end if;
  if (candidates between 1 and 100000 and name_candidates between 0 and 100000) is not true then
    perform logosim._bad_argument('candidates must be 1 to 100000, and name_candidates 0 to 100000');
  end if;
  if cardinality(figure_embeddings) > 0
     and (query_embedding is not null
          and figure_candidates between 1 and 100000
          and array_ndims(figure_embeddings) = 1
          and array_position(figure_embeddings, null) is null
          and cardinality(figure_embeddings) <= 16) is not true then
    perform logosim._bad_argument(
      'figure_embeddings must be 1 to 16 embeddings beside query_embedding, and figure_candidates 1 to 100000'
    , 'They are those of the separate figures of the picture that query_embedding is of');
  end if;
  perform logosim._check_years(year_from, year_to);

  if sound is not null then
    perform logosim.require_pronunciation(case when query_phonemes is null then 'rules' end);
  end if;

  if query_embedding is not null then
    seen_by := logosim._model_of(query_embedding, model);
    perform logosim._model_of(figure, model) from unnest(figure_embeddings) as figure;
  elsif model is not null then
    seen_by := logosim._model_named(model);
  end if;

  if query_embedding is null then
    -- Counted no further than a search by look compares without further ado.
    execute format('select count(*) from (select from logosim.mark m where true %s limit %s) counted', filter, exact_rows + 1)
       into passing
      using null::halfvec, null::text, null::text, any_codes, all_codes, year_from, year_to, sources, exclude, none_codes;
    select '{}'::uuid[] as mark_ids, '{}'::real[] as distances, '{}'::integer[] as numbers, 'name' as route
         , case when is_filtered and passing <= exact_rows then passing end as passed, null::bigint as examined
      into looked;
    is_complete := exact or has_text is false or logosim._names_are_compared(
      name_filter, any_codes, all_codes, year_from, year_to, sources, exclude, none_codes);
  else
    select * into looked
      from logosim._look(
             seen_by, query_embedding || figure_embeddings, any_codes, all_codes, none_codes, year_from, year_to, sources
           , has_text, exclude
           , candidates || array_fill(figure_candidates, array[coalesce(cardinality(figure_embeddings), 0)]), exact);

    -- Pictures that no worker has seen yet cannot be found by look. Of a model that is not active not all may be queued.
    execute format(
      'select not exists (
         select from logosim.work w join logosim.mark m on m.mark_id = w.mark_id where w.model_id = %s %s)'
      , seen_by.model_id, filter)
       into is_complete
      using null::halfvec, null::text, null::text, any_codes, all_codes, year_from, year_to, sources, exclude, none_codes;
    is_complete := is_complete and looked.route = 'exact' and seen_by.active;
  end if;

  -- Spelling is compared by trigrams, sound by sketches: names that sound alike need not have three sounds in common.
  return query execute format(
    'with named as materialized (
       select n.mark_id, n.channel
         from logosim._name_candidates($2, $3, $18, $19, %1$s, $4, $5, $6, $7, $8, $9, $10) n
        where %1$s > 0 and $20
     )
     , found as (
       select e.mark_id, array_agg(e.channel order by e.place) as found_by, max(e.distance) as look_distance
            , bool_and(e.by_figure) as by_figure
         from (select mark_id, min(distance) filter (where number = 1) as distance, ''look'' as channel, 1 as place
                    , min(number) > 1 as by_figure
                 from unnest($11, $12, $21) as l (mark_id, distance, number)
                group by mark_id
               union all
               select mark_id, null, channel, case channel when ''spelling'' then 2 else 3 end, false from named) e
        group by e.mark_id
     )
     , given as materialized (
       select m.mark_id, found.found_by, found.by_figure
            , coalesce(
                found.look_distance
              , (select (f.embedding <=> $1)::real
                   from logosim.mark_features f
                  where f.mark_id = m.mark_id and f.model_id = %2$s)) as look_distance
            , similarity(m.normalised_text, $2) as spelling_similarity
            , %3$s as sound_similarity
            , m.brand_text, m.file, m.source, m.year::integer as year, m.vienna_codes
         from found
         join logosim.mark m on m.mark_id = found.mark_id
         %4$s
     )
     select g.mark_id, g.found_by, g.look_distance, g.spelling_similarity, g.sound_similarity
          , g.brand_text, g.file, g.source, g.year, g.vienna_codes, $13, $14, $15, $16, took.milliseconds
       from given g
      cross join (select (1000 * extract(epoch from clock_timestamp() - $17))::real as milliseconds
                    from (select count(*) from given) counted) took
      order by g.by_figure
             , g.look_distance nulls last
             , coalesce(g.spelling_similarity, 0) + coalesce(g.sound_similarity, 0) desc
             , g.mark_id'
    , name_candidates, coalesce(seen_by.model_id, 0)
    , case when sound is null then 'null::real' else '(1 - (s.sound <%> logosim._sound_sketch($3)))::real' end
    , case when sound is not null then 'left join logosim.name_sketch s on s.mark_id = m.mark_id' end)
    using query_embedding, spelling, sound, any_codes, all_codes, year_from, year_to, sources, exclude
        , none_codes, looked.mark_ids, looked.distances, looked.route, looked.passed, is_complete, looked.examined, began
        , name_filter, exact, has_text is distinct from false and coalesce(spelling, sound) is not null, looked.numbers;
end
$$;

comment on function logosim.candidates(halfvec, text, text, text[], text[], integer, integer, text[], boolean, uuid, integer, integer, boolean, text[], text, halfvec[], integer) is
'Stage 1 of a search: marks that look like an embedding or are spelt or sound like a text, among those that pass the filter, best look first, without one the best mean of spelling and sound.
vienna_any, vienna_all: codes of any level and spelling; at least one, or all of them. vienna_none: none of them. year_from, year_to: inclusive. sources: any of them. query_phonemes: how query_text sounds, made by the engine of logosim.pronunciation; null: by rule; empty: sounds are not asked about. has_text: marks with (without) a verbal element. exclude: leave this mark out. candidates: how many by look. name_candidates: how many each by spelling and sound. exact: compare with every passing mark. model: whose features are compared, by name; null: the active one; query_embedding must be of the same, for one of another model with as many dimensions cannot be told from it. figure_embeddings: of separate figures of the picture, at most 16; what looks like one of them and was not found otherwise comes behind, figure_candidates for each.
found_by: look, spelling, sound. look_distance: cosine distance 0..2, for every mark that has features. spelling_similarity: trigrams, 0..1. sound_similarity: pairs and triples of sounds in classes, 0..1. route: exact, hnsw (the vector index: nearly all of the nearest, in their order), coarse (a first look at all marks by the beginnings of their embeddings: nearly all of the nearest, in their order) or name. passed: how many marks that have been looked at pass the filter; null where there is none or they were not counted. complete: no nearer mark can be missing, for the route was exact and every passing picture has been looked at, or, without an embedding, all passing names were compared; never of a model that is not active. examined: how many embeddings were compared; null where that was not counted. milliseconds: what this call took.
Raises LS002 (wrong dimensions), LS003 (no active model), LS004 (bad Vienna code), LS006 (bad argument, unknown model), LS009 (stored names are pronounced by another engine).';
