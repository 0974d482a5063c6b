-- Purpose: marks that look all but the same: pairs under a distance, and the clusters that pairs hang together in.
-- Callers: analysts. Cost: near_duplicates asks the vector index once for each mark it goes over, a few milliseconds
--   each, so a register of hundreds of thousands is gone over in parts: each takes its share of the time, several may run
--   at once, and one that was broken off is asked for again. clusters is in memory, some 100,000 pairs a second.

create or replace function logosim._nearest_looks(model logosim.model, embedding halfvec, k integer) returns table (
    mark_id        uuid
  , look_distance  real
)
language plpgsql stable
set search_path = logosim, public, pg_temp
set jit = off
set enable_sort = off
set hnsw.iterative_scan = relaxed_order
set hnsw.ef_search = 200
set hnsw.max_scan_tuples = 100000
set hnsw.scan_mem_multiplier = 16
as $$
begin
  -- Reading the vector index in its order is the only plan without a sort; see logosim.candidates.
  return query execute format(
    'select l.mark_id, (l.embedding <=> $1)::real
       from logosim.mark_look l
      where l.model_id = %s
      order by l.embedding::halfvec(%s) <=> $1
      limit %s'
    , model.model_id, model.dimensions, k)
    using embedding;
end
$$;

comment on function logosim._nearest_looks(logosim.model, halfvec, integer) is
  'Internal: the k marks whose pictures look most like an embedding of this model, from the vector index (approximate), in about their order';

create or replace function logosim._passes(
    mark        logosim.mark
  , any_codes   text[]
  , all_codes   text[]
  , year_from   integer
  , year_to     integer
  , sources     text[]
  , has_text    boolean
  , none_codes  text[]
) returns boolean
language plpgsql immutable parallel safe
set search_path = logosim, public, pg_temp
as $$
begin
  return (any_codes is null or mark.vienna_keys && any_codes)
     and (all_codes is null or mark.vienna_keys @> all_codes)
     and (year_from is null or coalesce(mark.year >= year_from, false))
     and (year_to is null or coalesce(mark.year <= year_to, false))
     and (coalesce(cardinality(sources), 0) = 0 or mark.source = any (sources))
     and (has_text is null or has_text = (mark.brand_text is not null))
     and (none_codes is null or not coalesce(mark.vienna_keys && none_codes, false));
end
$$;

comment on function logosim._passes(logosim.mark, text[], text[], integer, integer, text[], boolean, text[]) is
  'Internal: whether a mark passes a filter, as in logosim.candidates; codes are canonical, null: not filtered by';

create or replace function logosim.near_duplicates(
    threshold   double precision default 0.05
  , vienna_any  text[]  default null
  , vienna_all  text[]  default null
  , year_from   integer default null
  , year_to     integer default null
  , sources     text[]  default null
  , has_text    boolean default null
  , part        integer default 1
  , parts       integer default 1
  , k           integer default 20
  , vienna_none text[]  default null
) returns table (
    mark_id           uuid
  , other_id          uuid
  , look_distance     real
  , complete          boolean
  , brand_text        text
  , other_brand_text  text
  , source            text
  , other_source      text
  , file              text
  , other_file        text
)
language plpgsql stable
set search_path = logosim, public, pg_temp
set plan_cache_mode = force_custom_plan
set jit = off
as $$
#variable_conflict use_column
declare
  model      logosim.model := logosim._active_model();
  any_codes  text[] := logosim._vienna_codes(vienna_any);
  all_codes  text[] := logosim._vienna_codes(vienna_all);
  none_codes text[] := logosim._vienna_codes(vienna_none);
  first_id   uuid;
  next_id    uuid;
begin
  if threshold is null or threshold < 0 or threshold > 2 then
    perform logosim._bad_argument('threshold must be 0 to 2', 'It is a cosine distance; pictures below 0.05 look all but the same');
  end if;
  if (k between 1 and 1000) is not true then
    perform logosim._bad_argument('k must be 1 to 1000');
  end if;
  if (parts between 1 and 100000 and part between 1 and parts) is not true then
    perform logosim._bad_argument('part must be 1 to parts, and parts at most 100000');
  end if;
  perform logosim._check_years(year_from, year_to);

  -- Ids are digests, and evenly spread: equal ranges of them hold about equally many marks, of every kind.
  first_id := (lpad(to_hex(((part - 1)::bigint << 32) / parts), 8, '0') || repeat('0', 24))::uuid;
  next_id := case when part < parts then (lpad(to_hex((part::bigint << 32) / parts), 8, '0') || repeat('0', 24))::uuid end;

  return query
  with asked as materialized (
    select f.mark_id, f.embedding
      from logosim.mark_features f
      join logosim.mark m on m.mark_id = f.mark_id
     where f.model_id = model.model_id
       and f.mark_id >= first_id
       and (next_id is null or f.mark_id < next_id)
       and logosim._passes(m, any_codes, all_codes, year_from, year_to, sources, has_text, none_codes)
       and not f.blank
  )
  , near as materialized (
    select a.mark_id, n.mark_id as other_id, n.look_distance
         , count(*) over (partition by a.mark_id) <= k as complete  -- itself is one of the k + 1
      from asked a
     cross join lateral logosim._nearest_looks(model, a.embedding, k + 1) n
     where n.look_distance <= threshold::real
  )
  select n.mark_id, n.other_id, n.look_distance, n.complete
       , m.brand_text, o.brand_text, m.source, o.source, m.file, o.file
    from near n
    join logosim.mark m on m.mark_id = n.mark_id
    join logosim.mark o on o.mark_id = n.other_id
    join logosim.mark_features f on f.mark_id = n.other_id and f.model_id = model.model_id
   where n.mark_id <> n.other_id
     -- Of two marks that are gone over, one gives the pair: which, the ids decide, evenly, so that all parts give as many.
     and ((n.mark_id < n.other_id)
            = ((get_byte(uuid_send(n.mark_id), 15) # get_byte(uuid_send(n.other_id), 15)) & 1 = 0)
          or not logosim._passes(o, any_codes, all_codes, year_from, year_to, sources, has_text, none_codes))
     and not f.blank
   order by n.look_distance, n.mark_id, n.other_id;
end
$$;

comment on function logosim.near_duplicates(double precision, text[], text[], integer, integer, text[], boolean, integer, integer, integer, text[]) is
'Pairs of marks that look all but the same: cosine distance of their pictures at most threshold, nearest first.
The marks that pass the filter (as in logosim.candidates) are gone over, and each is compared with the k marks of the whole register that look most like it. Each pair comes once; where only one of both marks passes the filter, it is mark_id.
complete: false where all k marks looked at were within the threshold, so that mark_id may have more; ask with a larger k. The vector index is approximate, and may rarely pass over a pair. Left out are marks that no worker has looked at yet (logosim.model_coverage counts them), and pictures of which nothing is left without their text, for these all look the same.
part, parts: go over one of so many equal parts of the marks only. Parts 1 to parts together give every pair once; one part is also a fair sample of the pairs. Some 10,000 marks a part keep well within a minute.
Raises LS003 (no active model), LS004 (bad Vienna code), LS006 (bad argument).';

create or replace function logosim.clusters(mark_ids uuid[], other_ids uuid[]) returns table (
    cluster  uuid
  , mark_id  uuid
  , marks    integer
)
language plpgsql immutable parallel safe
set search_path = pg_catalog
as $$
#variable_conflict use_column
declare
  ids     uuid[];
  ones    integer[];
  others  integer[];
  leader  integer[];  -- by the place of an id in ids: the place of another one of its cluster, or its own
  one     integer;
  other   integer;
begin
  if cardinality(mark_ids) is distinct from cardinality(other_ids) then
    perform logosim._bad_argument('The arrays given to clusters differ in length', 'Give the two ends of each pair');
  end if;

  ids := array(
    select distinct e.id from unnest(mark_ids || other_ids) as e (id) where e.id is not null order by e.id);
  with placed as materialized (
    select p.id, p.place::integer from unnest(ids) with ordinality as p (id, place)
  )
  select array_agg(a.place), array_agg(b.place)
    into ones, others
    from unnest(mark_ids, other_ids) as pair (mark_id, other_id)
    join placed a on a.id = pair.mark_id
    join placed b on b.id = pair.other_id;
  leader := array(select generate_series(1, coalesce(cardinality(ids), 0)));

  -- Disjoint sets with path halving (Tarjan and van Leeuwen, 1984); the smaller id leads, without regard to size.
  for place in 1 .. coalesce(cardinality(ones), 0) loop
    one := ones[place];
    while leader[one] <> one loop
      leader[one] := leader[leader[one]];
      one := leader[one];
    end loop;
    other := others[place];
    while leader[other] <> other loop
      leader[other] := leader[leader[other]];
      other := leader[other];
    end loop;
    if one < other then
      leader[other] := one;
    else
      leader[one] := other;
    end if;
  end loop;
  -- A leader stands before those it leads, so that one pass settles all.
  for place in 1 .. coalesce(cardinality(leader), 0) loop
    leader[place] := leader[leader[place]];
  end loop;

  return query
  select ids[l.leader], ids[l.place], (count(*) over (partition by l.leader))::integer
    from unnest(leader) with ordinality as l (leader, place)
   order by 3 desc, l.leader, l.place;
end
$$;

comment on function logosim.clusters(uuid[], uuid[]) is
'What hangs together by pairs: the marks of mark_ids and other_ids, pair by pair such as those of logosim.near_duplicates (of all its parts, if it was asked in parts), each mark with its cluster, the largest cluster first.
cluster: the smallest id in it. marks: how many it has. One pair is enough to join two clusters, so that the ends of a long chain may look rather different.
Raises LS006 (arrays of different length).';
