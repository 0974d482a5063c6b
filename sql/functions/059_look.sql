-- Purpose: the marks that look most like an embedding, or each of several, among those that pass a filter.
-- Callers: logosim.candidates.
-- Cost: BENCHMARKS.md, "Stage 1 at every selectivity" (770,000 marks).
-- Routes. exact: every passing embedding is compared, read from logosim.mark_look, which has the filter's columns beside
--   it. hnsw: the vector index is followed, nearest first, and what passes is kept, more of it than asked for; these are
--   put in their order, for the index gives them nearly so. Which is cheaper depends on what the planner thinks that reading
--   the passing marks costs, and on the steps along the index: how many marks pass (the planner's estimate again), and how
--   many of those near the query pass (the nearest 100 are looked at), for a filter may exclude just these, or pass just
--   these. An estimate that is wrong costs time, never rows: an index scan that ends early is followed by the exact route.
--   Several embeddings (a picture and its separate figures) have a route each; those that are compared share one reading
--   of the passing marks, which is most of what comparing costs, so that the others join it where it takes place anyway.
-- How many are kept. What counts for recall is how far the index was followed: once it has given n rows and half as many
--   more as are wanted, nearly all of the nearest n are among them, whatever passes. Of those more the passing share is kept.
-- Settings. logosim.exact_rows: up to how many passing marks are compared without further ado (20000).
--   logosim.index_step: what a step along the index costs, as the planner counts (11); 0: the index always, above
--   exact_rows.
-- Notes. The index serves only `order by embedding::halfvec(n) <=> constant limit k` with a constant model_id, hence
--   dynamic SQL. Of what comes ordered from the index the planner believes that it is in order: `distance + 0` makes it
--   sort. Operators of arrays are named with their schema, or intarray's would be taken, which the index does not serve.
--   Costs are those of pages in memory, by which index_step was measured, whatever the server is set to. A process that
--   helps begins with no page of the shared buffers in its reach: parallel_setup_cost is what that costs.
--   Settings on a function do not reach the workers of a Citus cluster: there, set hnsw.* on the workers' database.

create or replace function logosim._exact_rows() returns bigint
language sql stable parallel safe
set search_path = pg_catalog
as $$
  select coalesce(nullif(current_setting('logosim.exact_rows', true), '')::bigint, 20000)
$$;

comment on function logosim._exact_rows() is
  'Internal: up to how many passing marks are compared one by one: setting logosim.exact_rows, by default 20000';

create or replace function logosim._index_step() returns real
language sql stable parallel safe
set search_path = pg_catalog
as $$
  select coalesce(nullif(current_setting('logosim.index_step', true), '')::real, 11)
$$;

comment on function logosim._index_step() is
  'Internal: what a step along the vector index costs, as the planner counts: setting logosim.index_step, by default 11';

create or replace function logosim._look_filter(
    vienna_any   integer[]
  , vienna_all   integer[]
  , vienna_none  integer[]
  , year_from    integer
  , year_to      integer
  , sources      text[]
  , has_text     boolean
  , exclude      uuid
) returns text
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  -- Conditions on a row l of mark_look over the parameters $2 to $8 of the statements of logosim._look.
  select concat(
    case when cardinality(vienna_any) > 0 then ' and l.vienna_numbers operator(pg_catalog.&&) $2' end
  , case when cardinality(vienna_all) > 0 then ' and l.vienna_numbers operator(pg_catalog.@>) $3' end
  , case when cardinality(vienna_none) > 0 then ' and not l.vienna_numbers operator(pg_catalog.&&) $4' end
  , case when year_from is not null then ' and l.year >= $5' end
  , case when year_to is not null then ' and l.year <= $6' end
  , case when cardinality(sources) > 0 then ' and l.source = any ($7)' end
  , case has_text when true then ' and l.has_text' when false then ' and not l.has_text' end
  , case when exclude is not null then ' and l.mark_id <> $8' end)
$$;

comment on function logosim._look_filter(integer[], integer[], integer[], integer, integer, text[], boolean, uuid) is
  'Internal: the where clause of a search by look, over numbered parameters';

create or replace function logosim._expected(
    model          logosim.model
  , filter         text
  , vienna_any     integer[]
  , vienna_all     integer[]
  , vienna_none    integer[]
  , year_from      integer
  , year_to        integer
  , sources        text[]
  , has_text       boolean
  , exclude        uuid
  , out marks      double precision
  , out cost       double precision
) returns record
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
declare
  planned  json;
begin
  execute format('explain (format json) select l.embedding from logosim.mark_look l where l.model_id = %s %s', model.model_id, filter)
     into planned
    using null::halfvec, vienna_any, vienna_all, vienna_none, year_from, year_to, sources, exclude;
  marks := planned->0->'Plan'->>'Plan Rows';
  cost := planned->0->'Plan'->>'Total Cost';
end
$$;

comment on function logosim._expected(logosim.model, text, integer[], integer[], integer[], integer, integer, text[], boolean, uuid) is
  'Internal: how many rows of mark_look pass a filter, and what reading them costs, as the planner estimates from its statistics. Changes nothing, and is volatile because EXPLAIN demands it';

create or replace function logosim._look(
    model         logosim.model
  , embeddings    halfvec[]
  , vienna_any    text[]
  , vienna_all    text[]
  , vienna_none   text[]
  , year_from     integer
  , year_to       integer
  , sources       text[]
  , has_text      boolean
  , exclude       uuid
  , wanted        integer[]
  , exact         boolean
  , out mark_ids  uuid[]
  , out distances real[]
  , out numbers   integer[]
  , out route     text
  , out passed    bigint
  , out examined  bigint
) returns record
language plpgsql stable
set search_path = logosim, public, pg_temp
set jit = off
set enable_sort = on
set seq_page_cost = 1
set random_page_cost = 1.1
set parallel_setup_cost = 3000
set hnsw.iterative_scan = relaxed_order
set hnsw.ef_search = 400
set hnsw.max_scan_tuples = 100000
set hnsw.scan_mem_multiplier = 16
as $$
declare
  any_numbers   integer[] := logosim._vienna_numbers(vienna_any);
  all_numbers   integer[] := logosim._vienna_numbers(vienna_all);
  none_numbers  integer[] := logosim._vienna_numbers(vienna_none);
  filter        text := logosim._look_filter(
                          any_numbers, all_numbers, none_numbers, year_from, year_to, sources, has_text, exclude);
  is_filtered   boolean := logosim._look_filter(
                             any_numbers, all_numbers, none_numbers, year_from, year_to, sources, has_text, null) <> '';
  exact_rows    bigint := logosim._exact_rows();
  probed        constant integer := 100;  -- of the nearest it is looked at whether they pass
  compared      integer[] := array(select generate_series(1, cardinality(embeddings)));  -- with all marks that pass
  expected      record;  -- of the marks that pass: how many, and what reading them costs, as the planner estimates
  share         double precision := 1;  -- of all marks that pass
  near          double precision := 1;  -- of the nearest that pass
  kept          integer[];  -- of the index, whose order is nearly right
  steps         double precision[];
  joining       double precision;  -- what it costs to compare one embedding more with marks that are read
  columns       text;  -- the distance to each embedding that is compared
  nearest       text;  -- the marks nearest to each
  found         record;
begin
  expected := logosim._expected(
    model, filter, any_numbers, all_numbers, none_numbers, year_from, year_to, sources, has_text, exclude);
  mark_ids := '{}';
  distances := '{}';
  numbers := '{}';
  if not exact and expected.marks > exact_rows and logosim._model_is_indexed(model.model_id) then
    perform set_config('enable_sort', 'off', true);  -- reading the index in its order is the only plan without a sort
    if is_filtered then
      share := expected.marks / greatest(expected.marks, (logosim._expected(
        model, '', any_numbers, all_numbers, none_numbers, year_from, year_to, sources, has_text, exclude)).marks);
    end if;
    for number in 1 .. cardinality(embeddings) loop
      if is_filtered then
        perform set_config('hnsw.ef_search', probed::text, true);
        execute format(
          'select (count(*) filter (where true %s) + 0.5) / (count(*) + 1)
             from (select * from logosim.mark_look n where n.model_id = %s order by n.embedding::halfvec(%s) <=> $1 limit %s) l'
          , filter, model.model_id, model.dimensions, probed)
           into near
          using embeddings[number], any_numbers, all_numbers, none_numbers, year_from, year_to, sources, exclude;
        perform set_config('hnsw.ef_search', '400', true);
      end if;
      kept[number] := wanted[number] + ceil(greatest(wanted[number] / 2, 100) * greatest(share, near));
      -- On the way outwards the share goes from that of the nearest to that of all: soon where that is more, else slowly.
      steps[number] := case
        when near < share then wanted[number] + (kept[number] - wanted[number] * near) / share
        else kept[number] / sqrt(share * near) end;
    end loop;
    -- One reading for all that would take longer along the index than to join it, if it saves as much as it costs.
    joining := least(0.1 * expected.marks, expected.cost);
    select coalesce(array_agg(s.number::integer) filter (where s.cost > joining), '{}')
      into compared
      from (select walk.number, walk.steps * logosim._index_step() as cost
              from unnest(steps) with ordinality as walk (steps, number)) s
    having sum(greatest(s.cost - joining, 0)) > expected.cost - joining;
    compared := coalesce(compared, '{}');

    for number in 1 .. cardinality(embeddings) loop
      continue when number = any (compared);
      -- Each step visits some ten tuples; once max_scan_tuples were visited the index gives whatever it has seen.
      perform set_config('hnsw.max_scan_tuples', greatest(100000, 40 * steps[number])::bigint::text, true);
      execute format(
        'select array_agg(n.mark_id order by n.distance, n.mark_id) as mark_ids
              , array_agg(n.distance order by n.distance, n.mark_id) as distances
              , max(n.found) as kept
           from (select c.mark_id, c.distance::real as distance, count(*) over () as found
                   from (select l.mark_id, l.embedding::halfvec(%1$s) <=> $1 as distance
                           from logosim.mark_look l
                          where l.model_id = %2$s %3$s
                          order by l.embedding::halfvec(%1$s) <=> $1
                          limit %4$s) c
                  order by c.distance + 0, c.mark_id
                  limit %5$s) n'
        , model.dimensions, model.model_id, filter, kept[number], wanted[number])
         into found
        using embeddings[number], any_numbers, all_numbers, none_numbers, year_from, year_to, sources, exclude;
      if coalesce(found.kept, 0) < kept[number] then
        compared := compared || number;  -- the index has given up, or there are no more
      else
        mark_ids := mark_ids || found.mark_ids;
        distances := distances || found.distances;
        numbers := numbers || array_fill(number, array[cardinality(found.mark_ids)]);
      end if;
    end loop;
    perform set_config('enable_sort', 'on', true);
  end if;
  route := case when 1 = any (compared) then 'exact' else 'hnsw' end;

  if expected.marks > exact_rows and cardinality(compared) = 1 then
    -- Counting so many would take as long as comparing them, and processes would have to hand each one over.
    execute format(
      'select array_agg(n.mark_id order by n.distance, n.mark_id) as mark_ids
            , array_agg(n.distance::real order by n.distance, n.mark_id) as distances
         from (select l.mark_id, l.embedding <=> $1 as distance
                 from logosim.mark_look l
                where l.model_id = %s %s
                order by l.embedding <=> $1, l.mark_id
                limit %s) n'
      , model.model_id, filter, wanted[compared[1]])
       into found
      using embeddings[compared[1]], any_numbers, all_numbers, none_numbers, year_from, year_to, sources, exclude;
    mark_ids := mark_ids || found.mark_ids;
    distances := distances || found.distances;
    numbers := numbers || array_fill(compared[1], array[coalesce(cardinality(found.mark_ids), 0)]);
    if route = 'exact' and coalesce(cardinality(found.mark_ids), 0) < wanted[1] then
      examined := coalesce(cardinality(found.mark_ids), 0);
    elsif exact then
      execute format('select count(*) from logosim.mark_look l where l.model_id = %s %s', model.model_id, filter)
         into examined
        using null::halfvec, any_numbers, all_numbers, none_numbers, year_from, year_to, sources, exclude;
    end if;
  elsif compared <> '{}' then
    select string_agg(format('l.embedding <=> ($1)[%s] as distance_%1$s', number), ', ')
         , string_agg(
             format('(select %s as number, p.mark_id, p.distance_%1$s as distance from passing p order by 3, 2 limit %s)'
                  , number, wanted[number])
           , ' union all ')
      into columns, nearest
      from unnest(compared) as number;
    execute format(
      'with passing as materialized (
         select l.mark_id, %s
           from logosim.mark_look l
          where l.model_id = %s %s
       )
       select array_agg(n.mark_id order by n.number, n.distance, n.mark_id) as mark_ids
            , array_agg(n.distance::real order by n.number, n.distance, n.mark_id) as distances
            , array_agg(n.number order by n.number, n.distance, n.mark_id) as numbers
            , (select count(*) from passing) as passing
         from (%s) n'
      , columns, model.model_id, filter, nearest)
       into found
      using embeddings, any_numbers, all_numbers, none_numbers, year_from, year_to, sources, exclude;
    mark_ids := mark_ids || found.mark_ids;
    distances := distances || found.distances;
    numbers := numbers || found.numbers;
    if route = 'exact' then
      examined := found.passing;
    end if;
  end if;
  if is_filtered then
    passed := examined;
  end if;
end
$$;

comment on function logosim._look(logosim.model, halfvec[], text[], text[], text[], integer, integer, text[], boolean, uuid, integer[], boolean) is
  'Internal: for each embedding, by its number, the wanted nearest marks by look among those that pass, nearest first, with their cosine distances; and of the first one the route, how many passed and how many were compared, where that was counted';
