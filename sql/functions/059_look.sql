-- Purpose: the marks that look most like an embedding, or each of several, among those that pass a filter.
-- Callers: logosim.candidates.
-- Cost: BENCHMARKS.md, "Stage 1 at every selectivity" (770,000 marks).
-- Routes. exact: every passing embedding is compared, read from logosim.mark_look, which has the filter's columns beside
--   it. hnsw: the vector index is followed, nearest first, and what passes is kept, more of it than asked for. coarse: the
--   beginnings of all embeddings are looked at, and what may be near is compared. Which is cheapest depends on what the
--   planner thinks that reading costs, and on the steps along the index: how many marks pass (the planner's estimate again),
--   and how many of those near the query pass, for a filter may exclude just these, or pass just these. An estimate that is
--   wrong costs time, never rows: what a route cannot answer the next one does, and the exact one always can.
--   A filter that lets marks of one frequent Vienna category pass, and no others, has the vector index of that category
--   followed in place of that of all marks (031_model_indexes.sql), and its share counted there.
--   Several embeddings (a picture and its separate figures) have a route each; those that are compared share one reading
--   of the passing marks, which is most of what comparing costs, so that the others join it where it takes place anyway.
-- How many are kept. What counts for recall is how far the index was followed: once it has given n rows and half as many
--   more as are wanted, nearly all of the nearest n are among them, whatever passes. Of those more the passing share is kept,
--   or three standard deviations of how many of the nearest one half of the index has, if that is more.
-- Settings. logosim.exact_rows: up to how many passing marks are compared without further ado (20000).
--   logosim.index_step: what a step along the index costs one process, as the planner counts (18; two: 0.65 of it); 0: the
--   index always, above exact_rows. logosim.coarse_step: what comparing whole embeddings after a first look at all costs
--   for each mark wanted (12); -1000000: the first look always, above exact_rows.
-- Notes. Costs are those of pages in memory, by which the steps were measured, whatever the server is set to. A process that
--   helps begins with no page of the shared buffers in its reach: parallel_setup_cost is what that costs.

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
  select coalesce(nullif(current_setting('logosim.index_step', true), '')::real, 18)
$$;

comment on function logosim._index_step() is
  'Internal: what a step along the vector index costs, as the planner counts: setting logosim.index_step, by default 18';

create or replace function logosim._coarse_step() returns real
language sql stable parallel safe
set search_path = pg_catalog
as $$
  select coalesce(nullif(current_setting('logosim.coarse_step', true), '')::real, 12)
$$;

comment on function logosim._coarse_step() is
  'Internal: what comparing whole embeddings after a first look costs for each mark wanted, as the planner counts: setting logosim.coarse_step, by default 12';

create or replace function logosim._expected(
    statement  text
  , out marks  double precision
  , out cost   double precision
) returns record
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
declare
  planned  json;
begin
  execute 'explain (format json) ' || statement into planned;
  marks := planned->0->'Plan'->>'Plan Rows';
  cost := planned->0->'Plan'->>'Total Cost';
end
$$;

comment on function logosim._expected(text) is
  'Internal: how many rows a statement gives, and what it costs, as the planner estimates from its statistics. Changes nothing, and is volatile because EXPLAIN demands it';

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
  among         text;  -- which marks the index is followed: those of a category that has one of its own, or all
  all_marks     text := format('select l.embedding from logosim.mark_look l where l.model_id = %s ', model.model_id);
  expected      record;  -- of the marks that pass: how many, and what reading them costs, as the planner estimates
  are_many      boolean;  -- that pass
  coarse        record;  -- the filter's conditions on mark_coarse
  is_coarse     boolean := false;  -- a first look at all marks costs less than comparing all that pass
  reading       double precision;  -- what the cheaper of the two costs
  joining       double precision;  -- and for one embedding more
  share         double precision := 1;  -- of the marks of the index that pass
  near          double precision;  -- of the nearest that pass
  step          constant real := logosim._index_step() * case when logosim._second_process() then 0.65 else 1 end;
  kept          integer[];  -- of the index, whose order is nearly right
  steps         double precision[];  -- along the index
  numbered      constant integer[] := array(select generate_series(1, cardinality(embeddings)));
  left_over     integer[] := numbered;  -- without an answer yet
  found         record;
begin
  mark_ids := '{}';
  distances := '{}';
  numbers := '{}';
  expected := logosim._expected(all_marks || filter);
  are_many := expected.marks > logosim._exact_rows();

  if are_many and not exact and logosim._model_is_indexed(model.model_id) then
    reading := logosim._coarse_step() * wanted[1] + (logosim._expected(format(
      'select from logosim.mark_coarse l where l.model_id = %s and l.prefix <#> l.prefix < 0', model.model_id))).cost;
    is_coarse := reading < expected.cost;
    reading := least(reading, expected.cost);
    among := coalesce(
      ' and l.vienna_numbers operator(pg_catalog.@>) array['
      || logosim._category_indexed(model.model_id, any_numbers, all_numbers) || ']'
    , '');
    joining := case when is_coarse then 1.3 * logosim._coarse_step() * wanted[1] else least(0.1 * expected.marks, reading) end;
    if is_filtered then
      share := expected.marks / greatest(expected.marks, (logosim._expected(all_marks || among)).marks);
    end if;
    for number in 1 .. cardinality(embeddings) loop
      near := 1;
      if is_filtered and step * 1.5 * wanted[number] / sqrt(share) < reading then  -- or it could not pay
        near := logosim._near_share(model, embeddings[number], among, filter);
      end if;
      kept[number] := wanted[number] + ceil(greatest(
        greatest(wanted[number] / 2, 100) * greatest(share, near), 3 * sqrt(wanted[number])));
      -- On the way outwards the share goes from that of the nearest to that of all: soon where that is more, else slowly.
      steps[number] := case
        when near < share then wanted[number] + (kept[number] - wanted[number] * near) / share
        else kept[number] / sqrt(share * near) end;
    end loop;
    -- One reading for all that would take longer along the index than to join it, if it saves as much as it costs.
    select array_agg(s.number::integer) filter (where s.cost > joining)
      into left_over
      from (select walk.number, walk.steps * step as cost
              from unnest(steps) with ordinality as walk (steps, number)) s
    having sum(greatest(s.cost - joining, 0)) > reading - joining;
    left_over := coalesce(left_over, '{}');

    for found in
      select *
        from logosim._look_along_index(
               model, embeddings, wanted, kept, steps
             , array(select n from unnest(numbered) as n where n <> all (left_over)), filter || among)
    loop
      mark_ids := mark_ids || found.mark_ids;
      distances := distances || found.distances;
      numbers := numbers || array_fill(found.number, array[cardinality(found.mark_ids)]);
      route := case when found.number = 1 then 'hnsw' else route end;
    end loop;
    left_over := array(select n from unnest(numbered) as n where n <> all (numbers));

    if is_coarse and left_over <> '{}' then
      coarse := logosim._coarse_filter(
        any_numbers, all_numbers, none_numbers, year_from, year_to, sources, has_text, exclude);
      for found in
        select * from logosim._look_coarsely(model, embeddings, wanted, left_over, coarse.filter, coarse.filter_near, coarse.filter_whole)
      loop
        mark_ids := mark_ids || found.mark_ids;
        distances := distances || found.distances;
        numbers := numbers || array_fill(found.number, array[cardinality(found.mark_ids)]);
        route := case when found.number = 1 then 'coarse' else route end;
      end loop;
      left_over := array(select n from unnest(numbered) as n where n <> all (numbers));
    end if;
  end if;

  if left_over <> '{}' then
    for found in
      select * from logosim._look_exactly(model, embeddings, wanted, left_over, filter, are_many, exact)
    loop
      mark_ids := mark_ids || found.mark_ids;
      distances := distances || found.distances;
      numbers := numbers || array_fill(found.number, array[cardinality(found.mark_ids)]);
      if found.number = 1 then
        route := 'exact';
        examined := found.passing;
      end if;
    end loop;
  end if;
  if is_filtered then
    passed := examined;
  end if;
end
$$;

comment on function logosim._look(logosim.model, halfvec[], text[], text[], text[], integer, integer, text[], boolean, uuid, integer[], boolean) is
  'Internal: for each embedding, by its number, the wanted nearest marks by look among those that pass, nearest first, with their cosine distances; and of the first one the route, how many passed and how many were compared, where that was counted';
