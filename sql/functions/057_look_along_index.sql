-- Purpose: the marks that look most like an embedding, or each of several, by following the vector index, nearest first, and
--   keeping what passes a filter: nearly all of the nearest.
-- Callers: logosim._look, which sets what pgvector's scan is to do (hnsw.*).
-- Cost: BENCHMARKS.md, "Stage 1 at every selectivity". The steps are more the less passes.
-- Processes. The parts of the index (logosim._index_parts) are followed by a function each, so that Postgres can give them to
--   two processes (Parallel Append). Where the server has no second one to give, one follows both. A process that helps
--   begins with no page of the shared buffers in its reach, and reaching each takes longer than what is saved, unless pages
--   are huge (logosim db tune says how many the server needs).
-- Settings. logosim.second_process: whether two processes follow the index; unset: where the server's pages are huge.
--   A process that follows few steps (400) by itself is done before another has begun.
-- Notes. The index serves only `order by embedding::halfvec(n) <=> constant limit k` with a constant model_id, hence
--   dynamic SQL. Without sorting the planner has no other plan than reading the index in its order.
--   Settings on a function do not reach the workers of a Citus cluster: there, set hnsw.* on the workers' database.

create or replace function logosim._near_share(
    model      logosim.model
  , embedding  halfvec
  , among      text
  , filter     text
) returns double precision
language plpgsql stable
set search_path = logosim, public, pg_temp
set enable_sort = off
set hnsw.ef_search = 40
as $$
declare
  share  double precision;
begin
  execute format(
    'select (count(*) filter (where true %s) + 0.5) / (count(*) + 1)
       from (select *
               from logosim.mark_look l
              where l.model_id = %s %s and %s
              order by l.embedding::halfvec(%s) <=> $1
              limit 40) l'
    , filter, model.model_id, among, (select p.condition from logosim._index_parts() p where p.part = 1), model.dimensions)
     into share
    using embedding;
  return share;
end
$$;

comment on function logosim._near_share(logosim.model, halfvec, text, text) is
  'Internal: which share of the 40 marks nearest to an embedding, of one part of those that a condition holds for, passes a filter, 0..1';

create or replace function logosim._second_process() returns boolean
language sql stable parallel safe
set search_path = pg_catalog
as $$
  select coalesce(nullif(current_setting('logosim.second_process', true), '')::boolean
                , current_setting('huge_pages_status', true) = 'on'
                  and current_setting('max_parallel_workers_per_gather')::integer > 0)
$$;

comment on function logosim._second_process() is
  'Internal: whether two processes follow a vector index: setting logosim.second_process, by default where the server has huge pages';

create or replace function logosim._look_along_part(
    statement  text
  , embedding  halfvec
) returns table (
    mark_id   uuid
  , distance  real
)
language plpgsql stable parallel safe
set search_path = logosim, public, pg_temp
set enable_sort = off
rows 1000
as $$
begin
  return query execute statement using embedding;
end
$$;

comment on function logosim._look_along_part(text, halfvec) is
  'Internal: what a statement gives that reads one part of a vector index in its order.';

create or replace function logosim._look_along_index(
    model       logosim.model
  , embeddings  halfvec[]
  , wanted      integer[]
  , kept        integer[]
  , steps       double precision[]
  , asked       integer[]
  , filter      text
) returns table (
    number     integer
  , mark_ids   uuid[]
  , distances  real[]
)
language plpgsql stable
set search_path = logosim, public, pg_temp
set cpu_tuple_cost = 10  -- or the planner would not see that a second process pays
set parallel_tuple_cost = 0
as $$
declare
  parts      constant integer := (select count(*) from logosim._index_parts());
  is_shared  constant boolean := logosim._second_process() and (select sum(steps[n]) from unnest(asked) as n) > 400;
  walks      text;
begin
  if asked = '{}' then
    return;
  end if;
  -- Each step visits some ten tuples; once max_scan_tuples were visited the index gives whatever it has seen.
  perform set_config('hnsw.max_scan_tuples', greatest(100000, 40 * (select max(steps[n]) from unnest(asked) as n))::bigint::text, true)
        , set_config('parallel_setup_cost', case when is_shared then '0' else '1e9' end, true);
  select string_agg(
           format('select %s as number, w.mark_id, w.distance
                     from logosim._look_along_part(%L, ($1)[%1$s]) w'
                , n
                , format('select l.mark_id, (l.embedding::halfvec(%1$s) <=> $1)::real
                            from logosim.mark_look l
                           where l.model_id = %2$s %3$s and %4$s
                           order by l.embedding::halfvec(%1$s) <=> $1
                           limit %5$s'
                       , model.dimensions, model.model_id, filter, p.condition, ceil(kept[n]::numeric / parts)))
         , ' union all ')
    into walks
    from unnest(asked) as n
   cross join logosim._index_parts() p;
  -- Fewer than asked for: a part has given up, or there are no more.
  return query execute format(
    'select n.number
          , array_agg(n.mark_id order by n.place) filter (where n.place <= ($2)[n.number])
          , array_agg(n.distance order by n.place) filter (where n.place <= ($2)[n.number])
       from (select w.*, row_number() over (partition by w.number order by w.distance, w.mark_id) as place
               from (%s) w) n
      group by n.number
     having count(*) >= ($3)[n.number]'
    , walks)
    using embeddings, wanted, kept;
end
$$;

comment on function logosim._look_along_index(logosim.model, halfvec[], integer[], integer[], double precision[], integer[], text) is
  'Internal: for each embedding that is asked about, by its number, the wanted nearest marks of those that the index gives first and that pass, nearest first, with their cosine distances; no row where it ends before as many were found as are to be kept';
