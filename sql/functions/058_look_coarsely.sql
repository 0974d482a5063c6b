-- Purpose: the marks that look most like an embedding among those that pass a filter, by a first look at all of them: the
--   beginnings of the embeddings (logosim.mark_coarse) say which marks may be near, and these alone are compared whole.
-- Callers: logosim._look, where it costs less than comparing all that pass, and less than following the vector index.
-- Cost: BENCHMARKS.md, "Stage 1 at every selectivity": reading 770,000 short rows, which takes little less where less passes,
--   and some thousand whole embeddings, 2 microseconds each where the hint of where they are still holds, else 5; two
--   processes share both.
-- Method. A sample of the pages says how near a beginning must be for some thousand marks to come through, more of them where
--   less of the length of the embedding asked about is in its beginning. Only what passes is looked at; of what is that near
--   sections are asked about, and what passes then is compared whole. What that gave, regressed on the beginnings, says how
--   many of the other marks are to be expected among the nearest: where they are too many one looks further, once. So recall
--   holds for any model; where the first dimensions say little it would take too many, and the answer is left to whoever
--   compares all.
-- Notes. The residuals of the regression have longer tails than a normal distribution, for marks cluster: their deviation
--   is taken 1.3 times, and the slope three of its own deviations less steep. Conditions stand in a list, not in a `case`,
--   which would take longer; the planner asks the cheapest first. How few rows they leave it cannot know, hence
--   parallel_tuple_cost, and joins by nested loops alone. The comparison of mark and hint is one that no index serves, or
--   the planner would not take the hint. The sample is of the same pages each time: a question has one answer. Arrays are
--   gathered from subqueries that are in order, and keep it.

create or replace function logosim._coarse_within(
    model     logosim.model
  , prefixes  halfvec[]
  , counts    integer[]
  , filter    text
) returns real[]
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  percent  constant real := 1;  -- of the pages
  each     text;
  within   real[];
begin
  select string_agg(
           format('coalesce((select s.prefix <#> ($1)[%s] from sampled s order by 1 offset %s limit 1), ''infinity'')'
                , n, (counts[n] * percent / 100)::integer)
         , ', ' order by n)
    into each
    from generate_series(1, cardinality(prefixes)) as n;
  execute format(
    'with sampled as materialized (
       select l.prefix from logosim.mark_coarse l tablesample system (%s) repeatable (0) where l.model_id = %s %s
     )
     select array[%s]::real[]'
    , percent, model.model_id, filter, each)
     into within
    using prefixes;
  return within;
end
$$;

comment on function logosim._coarse_within(logosim.model, halfvec[], integer[], text) is
  'Internal: for each beginning of an embedding the negative inner product within which about so many passing marks are, by a sample; infinity where the sample has too few of them';

create or replace function logosim._coarse_further(
    within     real
  , wanted     integer
  , compared   bigint
  , nearest    integer
  , late       bigint
  , farthest   real
  , slope      double precision
  , spread     double precision
  , deviation  double precision
  , whole      double precision
  , coarse     double precision
) returns real
language plpgsql immutable parallel safe
set search_path = pg_catalog
as $$
declare
  cautious   constant double precision := slope - 3 * deviation / nullif(sqrt(spread), 0);
  intercept  constant double precision := whole - cautious * coarse;
  width      constant double precision := 1.3 * sqrt(2) * deviation;
begin
  if within = 'infinity' then
    return null;
  end if;
  -- Where the last quarter gave a tenth of the nearest, beginnings say too little, whatever the regression says.
  if (nearest = wanted and cautious > 0 and late <= wanted / 10) is not true then
    return 'infinity';
  end if;
  -- Beyond lie fewer of the nearest than a quarter as many marks of the kind of the last one near would give: a half or
  -- less, as measured. Looking further takes as long again: not for one in fifty.
  if erfc((intercept + cautious * within - farthest) / width) / 2 * compared / 4 <= 0.04 * wanted then
    return null;
  end if;
  return nullif(greatest((farthest + 2.3 * width - intercept) / cautious, within), within);  -- no further: enough
end
$$;

comment on function logosim._coarse_further(real, integer, bigint, integer, bigint, real, double precision, double precision, double precision, double precision, double precision) is
  'Internal: how far one must look for the nearest marks, as a negative inner product of beginnings, once all within one were compared: null where that was enough, infinity where nobody can say. compared: how many they were; nearest: how many of them are given, wanted at most; late: of these how many are of the last quarter by their beginnings; farthest: the distance of the last. slope, spread (sum of squares of beginnings), deviation (of the residuals), whole, coarse (means): the regression of the distances on the beginnings';

create or replace function logosim._coarse_near(
    model         logosim.model
  , embeddings    halfvec[]
  , within        real[]
  , wanted        integer[]
  , filter        text
  , filter_near   text
  , filter_whole  text
) returns table (
    number     integer
  , mark_ids   uuid[]
  , distances  real[]
  , further    real
)
language plpgsql stable
set search_path = logosim, public, pg_temp
set parallel_setup_cost = 3000
set parallel_tuple_cost = 0
set enable_hashjoin = off
set enable_mergejoin = off
set enable_memoize = off
as $$
declare
  prefixes  constant halfvec[] := array(
              select logosim._coarse(e.embedding) from unnest(embeddings) with ordinality as e (embedding, n) order by e.n);
  columns   text;
  near      text;
  each      text;
begin
  select string_agg(
           format('l.prefix <#> ($2)[%1$s] as coarse_%1$s
                 , case when l.prefix <#> ($2)[%1$s] <= %2$L then l.embedding <=> ($1)[%1$s] end as whole_%1$s'
                , n, within[n])
         , ', ' order by n)
       , string_agg(format('l.prefix <#> ($2)[%s] <= %L', n, within[n]), ' or ' order by n)
       , string_agg(
           format('select %1$s, nearest.mark_ids, nearest.distances
                        , logosim._coarse_further(
                            %2$L, %3$s, compared.marks, cardinality(nearest.mark_ids), nearest.late, nearest.farthest
                          , compared.slope, compared.spread, compared.deviation, compared.whole, compared.coarse)
                     from (select count(*) as marks, avg(whole_%1$s) as whole, avg(coarse_%1$s) as coarse
                                , regr_slope(whole_%1$s, coarse_%1$s) as slope, regr_sxx(whole_%1$s, coarse_%1$s) as spread
                                , sqrt(greatest(regr_syy(whole_%1$s, coarse_%1$s) * (1 - regr_r2(whole_%1$s, coarse_%1$s)), 1e-9)
                                       / nullif(count(*), 0)) as deviation
                                , percentile_disc(0.75) within group (order by coarse_%1$s) as late
                             from passing
                            where whole_%1$s is not null) as compared
                    cross join lateral (
                      select coalesce(array_agg(n.mark_id), ''{}'') as mark_ids
                           , coalesce(array_agg(n.whole_%1$s::real), ''{}'') as distances
                           , max(n.whole_%1$s)::real as farthest
                           , count(*) filter (where n.coarse_%1$s > compared.late) as late
                        from (select *
                                from passing
                               where whole_%1$s is not null
                               order by whole_%1$s, mark_id
                               limit %3$s) n) as nearest'
                , n, within[n], wanted[n])
         , ' union all ')
    into columns, near, each
    from generate_series(1, cardinality(embeddings)) as n;
  return query execute format(
    'with passing as materialized (
       select l.mark_id, %1$s
         from (select l.mark_id, l.prefix, l.section_6
                    , coalesce(other.embedding, hint.embedding) as embedding
                    , coalesce(other.vienna_numbers, hint.vienna_numbers) as vienna_numbers
                 from logosim.mark_coarse l
                 left join logosim.mark_look hint on hint.ctid = l.look_at
                 left join logosim.mark_look other
                   on other.model_id = %2$s
                  and other.mark_id = case when (hint.model_id, hint.mark_id) is distinct from (l.model_id, l.mark_id)
                                        then l.mark_id end
                where l.model_id = %2$s %3$s and (%4$s) %5$s) l
        where true %6$s
     )
     %7$s'
    , columns, model.model_id, filter, near, filter_near, filter_whole, each)
    using embeddings, prefixes;
end
$$;

comment on function logosim._coarse_near(logosim.model, halfvec[], real[], integer[], text, text, text) is
  'Internal: for each embedding, by its number, of the marks that pass and whose beginning is within a negative inner product of that of the embedding those wanted that are nearest, nearest first, with their cosine distances; and how much further one must look, as _coarse_further says';

create or replace function logosim._look_coarsely(
    model         logosim.model
  , embeddings    halfvec[]
  , wanted        integer[]
  , asked         integer[]
  , filter        text
  , filter_near   text
  , filter_whole  text
) returns table (
    number     integer
  , mark_ids   uuid[]
  , distances  real[]
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  count     constant integer := cardinality(asked);
  prefixes  halfvec[];
  expected  integer[];  -- to come through: more, the more of the length is not in the beginning
  most      integer[];  -- to be compared whole
  within    real[];  -- for as many as are expected, and for the most
  near      record;
  place     integer;  -- among those asked about
begin
  select array_agg(embeddings[n] order by a.place), array_agg(wanted[n] order by a.place)
       , array_agg(c.prefix order by a.place)
       , array_agg(greatest(least(greatest(100 * (1 - b.share) ^ 2, 6), 14) * wanted[n], 2000)::integer order by a.place)
       , array_agg(greatest(40 * wanted[n], 10000) order by a.place)
    into embeddings, wanted, prefixes, expected, most
    from unnest(asked) with ordinality as a (n, place)
   cross join lateral (select logosim._coarse(embeddings[n]) as prefix) as c
   cross join lateral (
    select (l2_norm(subvector(embeddings[n], 1, vector_dims(c.prefix))) / l2_norm(embeddings[n])) ^ 2 as share) as b;
  within := logosim._coarse_within(model, prefixes || prefixes, expected || most, filter || filter_near);
  for near in
    select * from logosim._coarse_near(model, embeddings, within[: count], wanted, filter, filter_near, filter_whole)
  loop
    place := near.number;
    if near.further <= within[count + place] then
      select * into near
        from logosim._coarse_near(
               model, embeddings[place : place], array[near.further], wanted[place : place]
             , filter, filter_near, filter_whole);
    end if;
    continue when near.further is not null;
    number := asked[place];
    mark_ids := near.mark_ids;
    distances := near.distances;
    return next;
  end loop;
end
$$;

comment on function logosim._look_coarsely(logosim.model, halfvec[], integer[], integer[], text, text, text) is
  'Internal: for each embedding that is asked about, by its number, the wanted nearest marks among those that pass, nearest first, nearly all of them, with their cosine distances. No row for an embedding whose beginning says too little';
