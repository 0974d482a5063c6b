-- Purpose: the name channels of stage 1: the marks whose names are spelt or sound most like one that is asked about.
-- Callers: logosim.candidates.
-- Routes, each the nearest first:
--   spelling  the same name; the nearest sketches of spelling; names with a word of the name asked about or one much like
--             it, so that STORK finds GOLDEN STORK and GOLDEN STORC finds both
--   sound     the nearest sketches of sound (FILDOR finds PHILDAR); of names of several words also those of its most
--             distinctive words by themselves (HOTEL FILDOR finds PHILDAR)
--   Of each channel those are given that stand highest on any of its routes.
-- Words much like one of the name are taken from logosim.word, the nearest first, until they have given k marks (with a
--   filter: 1,000). A word that more than 1,000 names have distinguishes nothing, and is no way to a name.
-- Filters. Up to 80,000 names pass, as the planner estimates (setting logosim.exact_names): the sketches of all of them
--   are compared. More pass: the HNSW index is scanned on and on until enough are found; should it give up early, all are compared. Either reads
--   logosim.name_sketch alone. A floor of similarity is applied at the end.
-- Cost: at 770,000 marks some 3 ms for each reading of an index of sketches (two, and up to two more where the name has
--   several words), and 3 to 15 ms for words. With a filter about 1 ms for each thousand names that pass, at most 80.
-- Notes. An index serves only `order by column <%> constant limit k`, hence dynamic SQL. Settings on a function do not
--   reach the workers of a Citus cluster: there, set hnsw.* and pg_trgm.* on their database.

create or replace function logosim._exact_names() returns bigint
language sql stable parallel safe
set search_path = pg_catalog
as $$
  select coalesce(nullif(current_setting('logosim.exact_names', true), '')::bigint, 80000)
$$;

comment on function logosim._exact_names() is
  'Internal: up to how many passing names are compared one by one: setting logosim.exact_names, by default 80000';

create or replace function logosim._names_are_compared(
    conditions   text
  , any_codes    text[]
  , all_codes    text[]
  , year_from    integer
  , year_to      integer
  , sources      text[]
  , exclude      uuid
  , none_codes   text[]
) returns boolean
language plpgsql volatile  -- for plans are told to volatile functions alone; nothing is changed
set search_path = logosim, public, pg_temp
as $$
declare
  planned json;
begin
  execute format('explain (format json) select from logosim.name_sketch m where true %s', conditions)
     into planned
    using null::halfvec, null::text, null::text, any_codes, all_codes, year_from, year_to, sources, exclude, none_codes;
  return (planned->0->'Plan'->>'Plan Rows')::double precision <= logosim._exact_names();
end
$$;

comment on function logosim._names_are_compared(text, text[], text[], integer, integer, text[], uuid, text[]) is
  'Internal: whether so few names pass conditions, as the planner estimates, that the sketches of all of them are compared; counting them would take as long as comparing them';

create or replace function logosim._nearest_names(
    sketched     text[]
  , sketches     bit[]
  , conditions   text
  , exact        boolean
  , k            integer
  , any_codes    text[]
  , all_codes    text[]
  , year_from    integer
  , year_to      integer
  , sources      text[]
  , exclude      uuid
  , none_codes   text[]
) returns table (
    number      integer
  , mark_id     uuid
  , similarity  real
)
language plpgsql stable
set search_path = logosim, public, pg_temp
set jit = off
set enable_sort = on
set enable_seqscan = on
set enable_bitmapscan = on
set hnsw.iterative_scan = relaxed_order
set hnsw.ef_search = 100
set hnsw.max_scan_tuples = 50000
as $$
declare
  -- Of random names one in ten sounds nearer than this, and hardly any is spelt so.
  farthest constant real := 0.8;
  -- Reading an index of sketches in its order is the only plan without these.
  other_plans constant text[] := '{enable_sort, enable_seqscan, enable_bitmapscan}';
  -- All that pass, read once for all sketches.
  comparing constant text :=
    'with passing as materialized (
       select m.mark_id, m.spelling, m.sound
         from logosim.name_sketch m
        where true %1$s
     )
     select array_agg(near.number), array_agg(near.mark_id), array_agg(near.distance)
       from (select asked.number::integer, near.mark_id, near.distance
               from unnest($1, $2) with ordinality as asked (sketched, sketch, number)
              cross join lateral (
                      select p.mark_id
                           , (case asked.sketched when ''spelling'' then p.spelling else p.sound end <%%> asked.sketch)::real
                             as distance
                        from passing p
                       order by 2, 1
                       limit %2$s) near
              where asked.number = any ($3)) near';
  wanting integer[] := array(select generate_series(1, cardinality(sketched)));
  numbers integer[];
  ids uuid[];
  distances real[];
begin
  if not exact
     and not logosim._names_are_compared(
           conditions, any_codes, all_codes, year_from, year_to, sources, exclude, none_codes) then
    perform set_config(plan, 'off', true) from unnest(other_plans) as plan;
    for place in 1 .. cardinality(sketched) loop
      execute format(
        'select array_agg(near.mark_id), array_agg(near.distance)
           from (select m.mark_id, (m.%1$I <%%> $1)::real as distance
                   from logosim.name_sketch m
                  where true %2$s
                  order by m.%1$I <%%> $1
                  limit %3$s) near'
        , sketched[place], conditions, k)
         into ids, distances
        using sketches[place], null::text, null::text, any_codes, all_codes, year_from, year_to, sources, exclude, none_codes;
      if cardinality(ids) = k then
        wanting := array_remove(wanting, place);
        return query
        select place, near.id, (1 - near.distance)::real
          from unnest(ids, distances) as near (id, distance)
         where near.distance <= farthest;
      end if;
    end loop;
    perform set_config(plan, 'on', true) from unnest(other_plans) as plan;
  end if;

  -- What is left: all, or where the index has given up, or there are no more.
  if wanting <> '{}' then
    execute format(comparing, conditions, k)
       into numbers, ids, distances
      using sketched, sketches, wanting, any_codes, all_codes, year_from, year_to, sources, exclude, none_codes;
    return query
    select near.number, near.id, (1 - near.distance)::real
      from unnest(numbers, ids, distances) as near (number, id, distance)
     where near.distance <= farthest;
  end if;
end
$$;

comment on function logosim._nearest_names(text[], bit[], text, boolean, integer, text[], text[], integer, integer, text[], uuid, text[]) is
  'Internal: for each sketch (of spelling or sound, as sketched says), by its number, the k marks that are nearest among those that pass, if alike at all; similarity: Jaccard, 0..1';

create or replace function logosim._common_word() returns integer
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  select 1000
$$;

comment on function logosim._common_word() is 'Internal: a word that more names than this have distinguishes nothing, and finds none by itself';

create or replace function logosim._distinctive_words(name text) returns table (
    word    text
  , place   integer
  , weight  real
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  -- As in logosim/phonetics/weights.py: a small register counts as one of 1,000, short words weigh less.
  names constant integer := greatest(1000, (select c.names from logosim.word_census c));
begin
  return query
  select weighed.word, weighed.place, weighed.weight
    from (select known.*, max(known.weight) over () as heaviest
            from (select asked.word, min(asked.place)::integer as place, coalesce(max(w.marks), 0) as marks
                       , (least(length(asked.word), 3) / 3.0
                          * ln((names + 1.0) / (coalesce(max(w.marks), 0) + 1)))::real as weight
                    from string_to_table(name, ' ') with ordinality as asked (word, place)
                    left join logosim.word w on w.word = asked.word
                   group by asked.word) known) weighed
   where weighed.marks <= logosim._common_word()
     and weighed.weight >= 0.5 * weighed.heaviest
   order by weighed.weight desc, length(weighed.word) desc, weighed.word
   limit 2;
end
$$;

comment on function logosim._distinctive_words(text) is
  'Internal: of the words of a normalised name the one or two that say most, with their places in it and weights (inverse document frequency); none that is common';

create or replace function logosim._names_with_words(
    name        text
  , conditions  text
  , k           integer
  , any_codes   text[]
  , all_codes   text[]
  , year_from   integer
  , year_to     integer
  , sources     text[]
  , exclude     uuid
  , none_codes  text[]
) returns table (
    mark_id  uuid
  , place    bigint
)
language plpgsql stable
set search_path = logosim, public, pg_temp
set jit = off
set pg_trgm.similarity_threshold = 0.3
as $$
declare
  words text[];
  asked_words text[];
  weights real[];
  shortest integer;
begin
  -- The words themselves, though the register may not have counted them yet.
  select array_agg(a.word), array_agg(a.word), array_agg(a.weight), min(length(a.word)) filter (where length(a.word) > 4)
    into words, asked_words, weights, shortest
    from logosim._distinctive_words(name) a;

  -- And those of the register that are like them: all with one letter changed, of five letters and more.
  perform set_config('pg_trgm.similarity_threshold', case when shortest > 5 then '0.39' else '0.3' end, true);
  if shortest is not null then
    select words || array_agg(near.word), asked_words || array_agg(asked.word), weights || array_agg(near.weight)
      into words, asked_words, weights
      from unnest(asked_words, weights) as asked (word, weight)
     cross join lateral (
             select alike.word, asked.weight * alike.similarity as weight
                  , sum(alike.marks) over (order by alike.similarity desc, alike.word) as marks
               from (select w.word, w.marks, similarity(w.word, asked.word)
                       from logosim.word w
                      where w.word % asked.word and w.word <> asked.word and w.marks <= logosim._common_word()
                      order by 3 desc, w.word
                      limit 30) alike) near
     where length(asked.word) > 4
       and near.marks <= case when conditions = '' then k else logosim._common_word() end;
  end if;
  if words is null then
    return;
  end if;
  return query execute format(
    'select w.mark_id, row_number() over (order by sum(w.weight) desc, w.whole desc, w.mark_id)
       from (select m.mark_id, m.asked, max(m.weight) as weight, similarity(m.normalised_text, $2) as whole
               from (select m.*, alike.asked, alike.weight
                       from unnest($11, $12, $13) as alike (word, asked, weight)
                       join logosim.mark m on string_to_array(m.normalised_text, '' '') @> array[alike.word]
                     offset 0) m  -- by the words first: they are fewer than those that pass
              where true %s
              group by m.mark_id, m.asked, m.normalised_text) w
      group by w.mark_id, w.whole
      order by 2
      limit %s'
    , conditions, k)
    using null::halfvec, name, null::text, any_codes, all_codes, year_from, year_to, sources, exclude
        , none_codes, words, asked_words, weights;
end
$$;

comment on function logosim._names_with_words(text, text, integer, text[], text[], integer, integer, text[], uuid, text[]) is
  'Internal: up to k marks whose names have a distinctive word of a name or words much like it, the most alike first';

create or replace function logosim._name_candidates(
    name         text
  , sounds       text
  , conditions   text
  , exact        boolean
  , k            integer
  , any_codes    text[]
  , all_codes    text[]
  , year_from    integer
  , year_to      integer
  , sources      text[]
  , exclude      uuid
  , none_codes   text[]
) returns table (
    mark_id  uuid
  , channel  text
  , place    bigint
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  sketched text[] := '{}';
  sketches bit(512)[] := '{}';
begin
  if name is not null then
    sketched := sketched || 'spelling'::text;
    sketches := sketches || logosim._spelling_sketch(name);
  end if;
  if sounds is not null then
    -- The whole, and distinctive words that can be told apart in every profile.
    select sketched || array_agg('sound'::text), sketches || array_agg(logosim._sound_sketch(said.sounds))
      into sketched, sketches
      from (select sounds
            union all
            select string_agg(split_part(profile.sounds, ' ', a.place), '|' order by profile.number)
              from logosim._distinctive_words(name) a
             cross join string_to_table(sounds, '|') with ordinality as profile (sounds, number)
             where position(' ' in name) > 0
             group by a.word, a.place
            having bool_and(cardinality(string_to_array(profile.sounds, ' ')) = cardinality(string_to_array(name, ' '))))
           said;
  end if;

  return query execute format(
    'with found as (
       select m.mark_id, ''spelling'' as channel, 0::bigint as place
         from logosim.mark m
        where m.normalised_text = $2 %1$s
       union all
       select w.mark_id, ''spelling'', w.place
         from logosim._names_with_words($2, $13, %2$s, $4, $5, $6, $7, $8, $9, $10) w
       union all
       select n.mark_id, $11[n.number], row_number() over (partition by n.number order by n.similarity desc, n.mark_id)
         from logosim._nearest_names($11, $12, $13, $14, %2$s, $4, $5, $6, $7, $8, $9, $10) n
     )
     , best as (
       select f.mark_id, f.channel, min(f.place) as place
         from found f
        group by f.mark_id, f.channel
     )
     select b.mark_id, b.channel, b.place
       from (select best.*, row_number() over (partition by best.channel order by best.place, best.mark_id) as turn
               from best) b
      where b.turn <= %2$s'
    , conditions, k)
    using null::halfvec, name, sounds, any_codes, all_codes, year_from, year_to, sources, exclude
        , none_codes, sketched, sketches, conditions, exact;
end
$$;

comment on function logosim._name_candidates(text, text, text, boolean, integer, text[], text[], integer, integer, text[], uuid, text[]) is
  'Internal: up to k marks each by spelling and by sound among those that pass conditions, with their places. name: normalised, null: not by spelling. sounds: as in logosim.mark, null: not by sound. conditions: of logosim._filter, over the parameters $4 to $10, asking for no text, for only marks with a name are found. exact: compare all that pass';
