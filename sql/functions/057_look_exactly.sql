-- Purpose: the marks that look most like an embedding, or each of several, by comparing it with all that pass a filter.
-- Callers: logosim._look, where few pass, where it costs least, or where it is asked for.
-- Cost: BENCHMARKS.md, "Stage 1 at every selectivity". Several embeddings share one reading of the marks that pass.

create or replace function logosim._look_exactly(
    model       logosim.model
  , embeddings  halfvec[]
  , wanted      integer[]
  , asked       integer[]
  , filter      text
  , are_many    boolean
  , counted     boolean
) returns table (
    number     integer
  , mark_ids   uuid[]
  , distances  real[]
  , passing    bigint
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  columns  text;  -- the distance to each embedding
  nearest  text;  -- the marks nearest to each
begin
  if are_many and cardinality(asked) = 1 then
    -- Counting so many would take as long as comparing them, and processes would have to hand each one over.
    number := asked[1];
    execute format(
      'select coalesce(array_agg(n.mark_id order by n.distance, n.mark_id), ''{}'')
            , coalesce(array_agg(n.distance::real order by n.distance, n.mark_id), ''{}'')
         from (select l.mark_id, l.embedding <=> $1 as distance
                 from logosim.mark_look l
                where l.model_id = %s %s
                order by l.embedding <=> $1, l.mark_id
                limit %s) n'
      , model.model_id, filter, wanted[number])
       into mark_ids, distances
      using embeddings[number];
    if cardinality(mark_ids) < wanted[number] then
      passing := cardinality(mark_ids);
    elsif counted then
      execute format('select count(*) from logosim.mark_look l where l.model_id = %s %s', model.model_id, filter)
         into passing;
    end if;
    return next;
    return;
  end if;
  select string_agg(format('l.embedding <=> ($1)[%s] as distance_%1$s', n), ', ' order by n)
       , string_agg(
           format('select %s as number
                        , coalesce(array_agg(n.mark_id order by n.distance, n.mark_id), ''{}'')
                        , coalesce(array_agg(n.distance::real order by n.distance, n.mark_id), ''{}'')
                        , (select count(*) from passing)
                     from (select p.mark_id, p.distance_%1$s as distance from passing p order by 2, 1 limit %s) n'
                , n, wanted[n])
         , ' union all ' order by n)
    into columns, nearest
    from unnest(asked) as n;
  return query execute format(
    'with passing as materialized (
       select l.mark_id, %s
         from logosim.mark_look l
        where l.model_id = %s %s
     )
     %s'
    , columns, model.model_id, filter, nearest)
    using embeddings;
end
$$;

comment on function logosim._look_exactly(logosim.model, halfvec[], integer[], integer[], text, boolean, boolean) is
  'Internal: for each embedding that is asked about, by its number, the wanted nearest marks among those that pass, nearest first, with their cosine distances, and how many pass: of many and one embedding only where these are fewer than wanted, or where it is to be counted';
