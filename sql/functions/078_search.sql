-- Purpose: the whole search in SQL: both stages, as the API answers. Callers: analysts, 085_watch.sql.
-- The same flow: logosim/search/pipeline.py. Cost: logosim.candidates, and what 077_judgement.sql says.

create or replace function logosim._found(
    brand_text  text       -- what is asked about, of logosim._asked
  , phonemes    text
  , by_rule     boolean
  , embeddings  halfvec[]
  , exclude     uuid
  , vienna_any  text[]
  , vienna_all  text[]
  , year_from   integer
  , year_to     integer
  , sources     text[]
  , has_text    boolean
  , k           integer
  , exact       boolean
  , vienna_none text[]
) returns table (
    mark_id   uuid
  , found_by  text[]
  , route     text
  , passed    bigint
  , complete  boolean
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
begin
  return query
  select c.mark_id, c.found_by, c.route, c.passed, c.complete
    from logosim.candidates(
           query_embedding => embeddings[1]
         , query_text => brand_text
         , query_phonemes => case when not by_rule then coalesce(phonemes, '') end
         , vienna_any => _found.vienna_any
         , vienna_all => _found.vienna_all
         , year_from => _found.year_from
         , year_to => _found.year_to
         , sources => _found.sources
         , has_text => _found.has_text
         , exclude => _found.exclude
         , candidates => 1000
         , name_candidates => greatest(case when embeddings is null then 1000 else 200 end, k)
         , exact => _found.exact
         , vienna_none => _found.vienna_none
         , figure_embeddings => embeddings[2:]
         , figure_candidates => 300) c;
end
$$;

comment on function logosim._found(text, text, boolean, halfvec[], uuid, text[], text[], integer, integer, text[], boolean, integer, boolean, text[]) is
  'Internal: stage 1 of a search, with the candidates of separate figures';

create or replace function logosim._search(
    asked        uuid
  , asked_text   text              -- a name in place of a mark or picture; null: one of those is asked about
  , asked_codes  text[]            -- codes of the name
  , vienna_any   text[]
  , vienna_all   text[]
  , year_from    integer
  , year_to      integer
  , sources      text[]
  , has_text     boolean
  , k            integer
  , exact        boolean
  , weights      double precision[]
  , vienna_none  text[]
  , least_score  double precision  -- below it none is wanted, and none is matched in full; 0: all
) returns table (
    rank                   integer
  , mark_id                uuid
  , score                  double precision
  , risk                   text
  , found_by               text[]
  , region                 integer
  , brand_text             text
  , file                   text
  , source                 text
  , year                   integer
  , vienna_codes           text[]
  , look                   real
  , shape                  real
  , sound                  real
  , spelling               real
  , vienna                 real
  , look_contribution      double precision
  , shape_contribution     double precision
  , sound_contribution     double precision
  , spelling_contribution  double precision
  , vienna_contribution    double precision
  , route                  text
  , passed                 bigint
  , complete               boolean
)
language plpgsql stable
set search_path = logosim, public, pg_temp
set jit = off
as $$
#variable_conflict use_column
declare
  -- A little less, for the one and the other are rounded.
  least_total  constant double precision := case
    when least_score > 0 then ln(least_score / greatest(1 - least_score, 1e-15)) - logosim._prior() - 1e-6
    else '-infinity' end;
begin
  if (k between 1 and 1000) is not true then
    perform logosim._bad_argument('k must be 1 to 1000');
  end if;

  return query
  with part as materialized (
    select * from logosim._asked(asked) where asked_text is null
    union all
    select * from logosim._asked_name(asked_text, asked_codes) where asked_text is not null
  )
  , found as materialized (
    select p.region_number, f.*
      from part p
     cross join lateral logosim._found(
             p.brand_text, p.phonemes, p.by_rule, p.embeddings, p.exclude, _search.vienna_any, _search.vienna_all
           , _search.year_from, _search.year_to, _search.sources, _search.has_text, k, exact, _search.vienna_none) f
  )
  , whole as (
    select (array_agg(f.route order by array_position(array['hnsw', 'coarse', 'exact', 'name'], f.route)))[1] as route
         , min(f.passed) as passed
         , bool_and(f.complete) and not exists (
             select from part p where p.embeddings is null and asked_text is null) as complete  -- nobody has looked at it
      from found f
  )
  , judged as (
    -- Each mark once: as the region shows it that it is most like.
    select distinct on (j.mark_id)
           j.*, p.region_number, f.found_by, logosim._probability(logosim._prior() + j.total) as score
      from part p
     cross join lateral (select array_agg(f.mark_id) as mark_ids from found f where f.region_number = p.region_number) c
     cross join lateral logosim._judged(
             c.mark_ids, p.brand_text, p.phonemes, p.vienna_codes, p.embeddings, p.patches, weights, k, least_total) j
      join found f on f.region_number = p.region_number and f.mark_id = j.mark_id
     order by j.mark_id, score desc, j.total desc, p.region_number
  )
  , best as (
    select j.*, (row_number() over (order by j.score desc, j.total desc, j.mark_id))::integer as rank
      from judged j
     where j.score >= least_score
     order by j.score desc, j.total desc, j.mark_id
     limit k
  )
  select b.rank, b.mark_id, b.score, logosim._risk(b.score, b.channel_values, weights), b.found_by
       , nullif(b.region_number, 0), m.brand_text, m.file, m.source, m.year::integer, m.vienna_codes
       , b.channel_values[1], b.channel_values[2], b.channel_values[3], b.channel_values[4], b.channel_values[5]
       , s.shares[1], s.shares[2], s.shares[3], s.shares[4], s.shares[5], w.route, w.passed, w.complete
    from best b
    join logosim.mark m on m.mark_id = b.mark_id
   cross join whole w
   cross join lateral (
           select logosim._contributions(b.evidence, array(
                    select v.value is not null and v.weight > 0
                      from unnest(b.channel_values, weights) with ordinality as v (value, weight, place)
                     order by v.place)) as shares) s
   order by b.rank;
end
$$;

comment on function logosim._search(uuid, text, text[], text[], text[], integer, integer, text[], boolean, integer, boolean, double precision[], text[], double precision) is
  'Internal: both stages of a search by a mark, a picture or a name, of which logosim.search and logosim.search_text are the front';

create or replace function logosim.search(
    asked            uuid
  , vienna_any       text[]  default null
  , vienna_all       text[]  default null
  , year_from        integer default null
  , year_to          integer default null
  , sources          text[]  default null
  , has_text         boolean default null
  , k                integer default 20
  , exact            boolean default false
  , look_weight      double precision default 1
  , shape_weight     double precision default 1
  , sound_weight     double precision default 1
  , spelling_weight  double precision default 1
  , vienna_weight    double precision default 1
  , vienna_none      text[]  default null
) returns table (
    rank                   integer
  , mark_id                uuid
  , score                  double precision
  , risk                   text
  , found_by               text[]
  , region                 integer
  , brand_text             text
  , file                   text
  , source                 text
  , year                   integer
  , vienna_codes           text[]
  , look                   real
  , shape                  real
  , sound                  real
  , spelling               real
  , vienna                 real
  , look_contribution      double precision
  , shape_contribution     double precision
  , sound_contribution     double precision
  , spelling_contribution  double precision
  , vienna_contribution    double precision
  , route                  text
  , passed                 bigint
  , complete               boolean
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
begin
  return query
  select *
    from logosim._search(
           asked, null, null, search.vienna_any, search.vienna_all, search.year_from, search.year_to
         , search.sources, search.has_text, k, exact
         , logosim._weights(look_weight, shape_weight, sound_weight, spelling_weight, vienna_weight)
         , search.vienna_none, 0) s
   order by s.rank;
end
$$;

comment on function logosim.search(uuid, text[], text[], integer, integer, text[], boolean, integer, boolean, double precision, double precision, double precision, double precision, double precision, text[]) is
'The whole search: the k earlier marks that could be confused with a stored mark (which is left out), or with a picture that is asked about by its handle, best first, as the API answers.
Stage 1 is logosim.candidates, with its filters and exact; its candidates are judged by how they look, their shape, sound and spelling, and their Vienna codes. Weights: 1 as learnt, 0 not at all, up to 10.
score: probability of a confusion, 0..1. risk: identical, high, medium or low. region: of the picture, which is most like the mark; null: the whole. look, shape, sound, spelling, vienna: values 0..1, null where a channel is absent; what they contributed adds up to the score. route, passed, complete: as logosim.candidates. logosim.explain says why.
Raises LS001 (unknown mark), LS003 (no active model), LS004 (bad Vienna code), LS006 (bad argument), LS007 and LS008 (handle unknown, or of another model), LS009 (stored names are pronounced by another engine).';

create or replace function logosim.search_text(
    query_text       text
  , query_codes      text[]  default null
  , vienna_any       text[]  default null
  , vienna_all       text[]  default null
  , year_from        integer default null
  , year_to          integer default null
  , sources          text[]  default null
  , has_text         boolean default null
  , k                integer default 20
  , exact            boolean default false
  , look_weight      double precision default 1
  , shape_weight     double precision default 1
  , sound_weight     double precision default 1
  , spelling_weight  double precision default 1
  , vienna_weight    double precision default 1
  , vienna_none      text[]  default null
) returns table (
    rank                   integer
  , mark_id                uuid
  , score                  double precision
  , risk                   text
  , found_by               text[]
  , region                 integer
  , brand_text             text
  , file                   text
  , source                 text
  , year                   integer
  , vienna_codes           text[]
  , look                   real
  , shape                  real
  , sound                  real
  , spelling               real
  , vienna                 real
  , look_contribution      double precision
  , shape_contribution     double precision
  , sound_contribution     double precision
  , spelling_contribution  double precision
  , vienna_contribution    double precision
  , route                  text
  , passed                 bigint
  , complete               boolean
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
begin
  return query
  select *
    from logosim._search(
           null, coalesce(query_text, ''), query_codes, search_text.vienna_any, search_text.vienna_all, search_text.year_from, search_text.year_to
         , search_text.sources, search_text.has_text, k, exact
         , logosim._weights(look_weight, shape_weight, sound_weight, spelling_weight, vienna_weight)
         , search_text.vienna_none, 0) s
   order by s.rank;
end
$$;

comment on function logosim.search_text(text, text[], text[], text[], integer, integer, text[], boolean, integer, boolean, double precision, double precision, double precision, double precision, double precision, text[]) is
'The whole search by a name alone: the k earlier marks that could be confused with it, best first, as POST /v1/search/text answers; all as logosim.search otherwise.
query_codes: Vienna codes of the mark that the name is for, which are compared with those of earlier marks; null: none. Look and shape are absent. The name is pronounced by rule.
Raises LS004 (bad Vienna code), LS006 (bad argument, or a text without letters and digits), LS009 (stored names are pronounced by another engine).';
