-- Purpose: the marks that look most like an embedding among those that pass a filter, by a first look at all of them: the
--   beginnings of the embeddings (logosim.mark_coarse) say which marks may be near, and these alone are compared whole.
-- Callers: logosim._look, where it costs less than comparing all that pass, and less than following the vector index.
-- Cost: BENCHMARKS.md, "Stage 1 at every selectivity": reading 770,000 short rows, which takes little less where less passes,
--   and some thousand whole embeddings, 2 microseconds each where the hint of where they are still holds, else 5.
-- Method. A sample of the pages says how near a beginning must be for some thousand marks to come through, more of them where
--   less of the length of the embedding asked about is in its beginning. Only what passes is compared; about codes that the
--   short rows do not tell mark_look is asked, of what is that near. Of those that come through the nearest are compared
--   whole. What that gave, regressed on the beginnings, says how many of the others are to be expected among the nearest: as
--   long as it is more than one in 200 of those wanted, more are compared. So recall holds for any model; where the first
--   dimensions say little it would take too many, and the answer is left to whoever compares all.
-- Notes. The residuals of the regression have longer tails than a normal distribution, for marks cluster: their deviation
--   is taken 1.3 times, and the slope three of its own deviations less steep. `case` keeps conditions in their order; how
--   few rows they leave the planner cannot know, hence parallel_tuple_cost. The sample is of the same pages each time: a
--   question has one answer. Arrays are gathered from subqueries that are in order, and keep it.

create or replace function logosim._coarse_within(
    model        logosim.model
  , prefixes     halfvec[]
  , counts       integer[]
  , filter       text
  , slow_filter  text
) returns real[]
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  percent  constant real := 0.5;  -- of the pages
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
       select l.prefix from logosim.mark_coarse l tablesample system (%s) repeatable (0) where l.model_id = %s %s %s
     )
     select array[%s]::real[]'
    , percent, model.model_id, filter, slow_filter, each)
     into within
    using prefixes;
  return within;
end
$$;

comment on function logosim._coarse_within(logosim.model, halfvec[], integer[], text, text) is
  'Internal: for each beginning of an embedding the negative inner product within which about so many passing marks are, by a sample; infinity where the sample has too few of them';

create or replace function logosim._coarse_near(
    model        logosim.model
  , prefixes     halfvec[]
  , within       real[]
  , most         integer[]
  , filter       text
  , slow_filter  text
) returns table (
    number    integer
  , mark_ids  uuid[]
  , look_at   tid[]
  , coarse    real[]
)
language plpgsql stable
set search_path = logosim, public, pg_temp
set parallel_setup_cost = 3000
set parallel_tuple_cost = 0
as $$
declare
  columns  text;
  near     text;
  each     text;
begin
  select string_agg(format('(l.prefix <#> ($1)[%s])::real as coarse_%1$s', n), ', ' order by n)
       , string_agg(format('(l.prefix <#> ($1)[%s]) <= %L', n, within[n]), ' or ' order by n)
       , string_agg(
           format('select %s as number
                        , array_agg(n.mark_id), array_agg(n.look_at), array_agg(n.coarse)
                     from (select p.mark_id, p.look_at, p.coarse_%1$s as coarse
                             from passing p
                            where p.coarse_%1$s <= %L
                            order by 3, 1
                            limit %s) n'
                , n, within[n], most[n])
         , ' union all ')
    into columns, near, each
    from generate_series(1, cardinality(prefixes)) as n;
  return query execute format(
    'with passing as (
       select l.mark_id, l.look_at, %s
         from logosim.mark_coarse l
        where l.model_id = %s and case when true %s then case when %s then true %s end end
     )
     %s'
    , columns, model.model_id, filter, near, slow_filter, each)
    using prefixes;
end
$$;

comment on function logosim._coarse_near(logosim.model, halfvec[], real[], integer[], text, text) is
  'Internal: for each beginning of an embedding, by its number, the marks that pass and whose beginning is within that negative inner product, nearest first and that many at most; null for none';

create or replace function logosim._compared_whole(
    model          logosim.model
  , asked          halfvec
  , near           uuid[]
  , look_at        tid[]
  , coarse         real[]
  , within         real
  , wanted         integer
  , most           integer
  , out mark_ids   uuid[]
  , out distances  real[]
  , out settled    boolean
  , out further    real
) returns record
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  thinned    constant integer := 16;  -- of the others one in so many says how many are to be expected among the nearest
  missed     constant double precision := 0.005 * wanted;  -- so many may be expected to be left out
  reached    constant real := case when cardinality(near) = most then coarse[most] else within end;  -- within this all came through
  compared   integer := 0;  -- of those near
  more       integer := greatest(2 * wanted, 200);
  part       record;
  farthest   double precision;  -- of those wanted
  slope      double precision;  -- of the distance of whole embeddings by that of beginnings, cautiously
  intercept  double precision;
  width      double precision;
begin
  mark_ids := '{}';
  distances := '{}';
  settled := reached = 'infinity';
  further := 'infinity';
  while compared < cardinality(near) loop
    if compared + more > most then
      settled := false;
      further := null;
      return;
    end if;
    select array_agg(c.mark_id) as mark_ids, array_agg(c.whole) as distances
         , regr_slope(c.whole, c.coarse) as slope, regr_sxx(c.whole, c.coarse) as spread
         , sqrt(greatest(regr_syy(c.whole, c.coarse) * (1 - regr_r2(c.whole, c.coarse)), 1e-9) / count(*)) as deviation
         , avg(c.whole) as whole, avg(c.coarse) as coarse
      into part
      from (select n.mark_id, (coalesce(h.embedding, l.embedding) <=> asked)::real as whole, n.coarse
              from unnest(near[compared + 1 : compared + more], look_at[compared + 1 : compared + more]
                        , coarse[compared + 1 : compared + more]) as n (mark_id, look_at, coarse)
              left join logosim.mark_look h
                on h.ctid = n.look_at and h.mark_id = n.mark_id and h.model_id = model.model_id
              left join logosim.mark_look l
                on l.model_id = model.model_id and l.mark_id = case when h.mark_id is null then n.mark_id end) c;
    compared := least(compared + more, cardinality(near));
    mark_ids := mark_ids || part.mark_ids;
    distances := distances || part.distances;
    farthest := (select d from unnest(distances) as d order by d offset wanted - 1 limit 1);
    exit when slope > 0;  -- what that says was done
    more := wanted;
    slope := part.slope - 3 * part.deviation / nullif(sqrt(part.spread), 0);
    if farthest is not null and slope > 0 then
      intercept := part.whole - slope * part.coarse;
      width := 1.3 * sqrt(2) * part.deviation;
      more := (select thinned * count(*)
                 from (select sum(thinned * erfc((intercept + slope * coarse[n] - farthest) / width) / 2)
                                over (order by n desc) as expected
                         from generate_series(compared + thinned / 2, cardinality(near), thinned) as n) rest
                where rest.expected > missed);
      exit when more = 0;
    end if;
  end loop;
  if slope > 0 then
    -- Where the last quarter gave a tenth of the nearest, beginnings say too little, whatever the regression says.
    if reached < 'infinity'
       and (select count(*) from unnest(distances[compared * 3 / 4 :]) as d where d < farthest) > wanted / 10 then
      further := null;
      return;
    end if;
    -- Beyond those near lie fewer of the nearest than a quarter as many marks of the kind of the last one near would give:
    -- a half or less, as measured. Looking further takes as long again: not for one in fifty.
    settled := erfc((intercept + slope * reached - farthest) / width) / 2 * cardinality(near) / 4 <= 8 * missed;
    further := (farthest + 2.3 * width - intercept) / slope;
  end if;
  select coalesce(array_agg(n.mark_id), '{}'), coalesce(array_agg(n.distance), '{}')
    into mark_ids, distances
    from (select w.mark_id, w.distance
            from unnest(mark_ids, distances) as w (mark_id, distance)
           order by w.distance, w.mark_id
           limit wanted) n;
end
$$;

comment on function logosim._compared_whole(logosim.model, halfvec, uuid[], tid[], real[], real, integer, integer) is
  'Internal: of marks whose beginnings are within a negative inner product, nearest first, those wanted whose whole embeddings are nearest, with their cosine distances. Not settled where others may be as near: further says how far one must look for them; null where more than the most would have to be compared';

create or replace function logosim._look_coarsely(
    model        logosim.model
  , embeddings   halfvec[]
  , wanted       integer[]
  , asked        integer[]
  , filter       text
  , slow_filter  text
) returns table (
    number     integer
  , mark_ids   uuid[]
  , distances  real[]
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  prefixes  halfvec[] := array(
              select logosim._coarse(embeddings[n]) from unnest(asked) with ordinality as a (n, place) order by a.place);
  expected  integer[] := array(  -- to come through: more, the more of the length is not in the beginning
              select greatest(least(greatest(100 * (1 - b.share) ^ 2, 5), 14) * wanted[a.n], 2000)::integer
                from unnest(asked) with ordinality as a (n, place)
               cross join lateral (
                select (l2_norm(subvector(embeddings[a.n], 1, vector_dims(prefixes[a.place]))) / l2_norm(embeddings[a.n])) ^ 2
                     ) as b (share)
               order by a.place);
  most      integer[] := array(  -- to be compared whole
              select greatest(40 * wanted[n], 10000) from unnest(asked) with ordinality as a (n, place) order by a.place);
  within    real[] := logosim._coarse_within(model, prefixes, expected, filter, slow_filter);
  place     integer;  -- of those asked about
  near      record;
  further   record;
  whole     record;
begin
  if slow_filter <> '' and 'infinity' = any (within) then
    return;  -- of so many marks mark_look is better read as a whole
  end if;
  for near in
    select * from logosim._coarse_near(model, prefixes, within, most, filter, slow_filter)
  loop
    place := near.number;
    number := asked[place];
    whole := logosim._compared_whole(
      model, embeddings[number], near.mark_ids, near.look_at, near.coarse, within[place], wanted[number], most[place]);
    if not whole.settled and whole.further is not null and (whole.further < 'infinity' or slow_filter = '') then
      select * into further
        from logosim._coarse_near(
               model, prefixes[place : place], array[whole.further], most[place : place], filter, slow_filter);
      whole := logosim._compared_whole(
        model, embeddings[number], further.mark_ids, further.look_at, further.coarse, whole.further
      , wanted[number], most[place]);
    end if;
    continue when not whole.settled;
    mark_ids := whole.mark_ids;
    distances := whole.distances;
    return next;
  end loop;
end
$$;

comment on function logosim._look_coarsely(logosim.model, halfvec[], integer[], integer[], text, text) is
  'Internal: for each embedding that is asked about, by its number, the wanted nearest marks among those that pass, nearest first, nearly all of them, with their cosine distances. No row for an embedding whose beginning says too little';
