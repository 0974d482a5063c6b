-- Purpose: the marks that look most like an embedding, by following the vector index, nearest first, and keeping what passes a
--   filter: nearly all of the nearest.
-- Callers: logosim._look, which sets what pgvector's scan is to do (hnsw.*).
-- Cost: BENCHMARKS.md, "Stage 1 at every selectivity": 20 to 35 microseconds a step; the steps are more the less passes.
-- Notes. The index serves only `order by embedding::halfvec(n) <=> constant limit k` with a constant model_id, hence
--   dynamic SQL. Of what comes ordered from the index the planner believes that it is in order: `distance + 0` makes it
--   sort. Without sorting the planner has no other plan than reading the index in its order.
--   Settings on a function do not reach the workers of a Citus cluster: there, set hnsw.* on the workers' database.

create or replace function logosim._near_share(
    model         logosim.model
  , embedding     halfvec
  , among         text
  , filter        text
  , vienna_any    integer[]
  , vienna_all    integer[]
  , vienna_none   integer[]
  , year_from     integer
  , year_to       integer
  , sources       text[]
  , exclude       uuid
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
       from (select * from logosim.mark_look l where l.model_id = %s %s order by l.embedding::halfvec(%s) <=> $1 limit 40) l'
    , filter, model.model_id, among, model.dimensions)
     into share
    using embedding, vienna_any, vienna_all, vienna_none, year_from, year_to, sources, exclude;
  return share;
end
$$;

comment on function logosim._near_share(logosim.model, halfvec, text, text, integer[], integer[], integer[], integer, integer, text[], uuid) is
  'Internal: which share of the 40 marks nearest to an embedding, among those that a condition holds for, passes a filter, 0..1';

create or replace function logosim._look_along_index(
    model          logosim.model
  , embedding      halfvec
  , wanted         integer
  , kept           integer
  , steps          double precision
  , filter         text
  , vienna_any     integer[]
  , vienna_all     integer[]
  , vienna_none    integer[]
  , year_from      integer
  , year_to        integer
  , sources        text[]
  , exclude        uuid
  , out mark_ids   uuid[]
  , out distances  real[]
) returns record
language plpgsql stable
set search_path = logosim, public, pg_temp
set enable_sort = off
as $$
declare
  found  integer;
begin
  -- Each step visits some ten tuples; once max_scan_tuples were visited the index gives whatever it has seen.
  perform set_config('hnsw.max_scan_tuples', greatest(100000, 40 * steps)::bigint::text, true);
  execute format(
    'select array_agg(n.mark_id order by n.distance, n.mark_id), array_agg(n.distance order by n.distance, n.mark_id), max(n.found)
       from (select c.mark_id, c.distance::real as distance, count(*) over () as found
               from (select l.mark_id, l.embedding::halfvec(%1$s) <=> $1 as distance
                       from logosim.mark_look l
                      where l.model_id = %2$s %3$s
                      order by l.embedding::halfvec(%1$s) <=> $1
                      limit %4$s) c
              order by c.distance + 0, c.mark_id
              limit %5$s) n'
    , model.dimensions, model.model_id, filter, kept, wanted)
     into mark_ids, distances, found
    using embedding, vienna_any, vienna_all, vienna_none, year_from, year_to, sources, exclude;
  if (found = kept) is not true then
    mark_ids := null;  -- the index has given up, or there are no more
  end if;
end
$$;

comment on function logosim._look_along_index(logosim.model, halfvec, integer, integer, double precision, text, integer[], integer[], integer[], integer, integer, text[], uuid) is
  'Internal: the wanted nearest marks of those that the index gives first and that pass, nearest first, with their cosine distances; null where it ends before as many were found as are to be kept';
