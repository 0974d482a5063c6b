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
-- Filters. Few marks pass: the sketches of all of them are compared. Many pass: the HNSW index is scanned on and on until
--   enough are found; should it give up early, all are compared. A floor of similarity is applied at the end alone.
-- Cost: at 770,000 marks see BENCHMARKS.md; 5 to 10 ms a scan of an index of sketches, of which there are two to four.
-- Notes. An index serves only `order by column <%> constant limit k`, hence dynamic SQL; to be kept from it the other
--   route adds 0. Settings on a function do not reach the workers of a Citus cluster: there, set hnsw.* on their database.

create or replace function logosim._nearest_names(
    sketched    text
  , sketch      bit
  , conditions  text
  , few         boolean
  , k           integer
  , any_codes   text[]
  , all_codes   text[]
  , year_from   integer
  , year_to     integer
  , sources     text[]
  , exclude     uuid
  , none_codes  text[]
) returns table (
    mark_id     uuid
  , similarity  real
)
language plpgsql stable
set search_path = logosim, public, pg_temp
set jit = off
set enable_sort = on
set hnsw.iterative_scan = relaxed_order
set hnsw.ef_search = 100
set hnsw.max_scan_tuples = 50000
as $$
declare
  -- Of random names one in ten sounds nearer than this, and hardly any is spelt so.
  farthest constant real := 0.8;
  nearest constant text :=
    'select array_agg(near.mark_id), array_agg(near.distance)
       from (select s.mark_id, (s.%1$I <%%> $1)::real as distance
               from logosim.name_sketch s %2$s
              where s.%1$I is not null %3$s
              order by %4$s
              limit %5$s) near';
  joined constant text := case when conditions <> '' then 'join logosim.mark m on m.mark_id = s.mark_id' else '' end;
  ids uuid[];
  distances real[];
begin
  if not few then
    perform set_config('enable_sort', 'off', true);  -- reading the index in its order is the only plan without a sort
    execute format(nearest, sketched, joined, conditions, format('s.%I <%%> $1', sketched), k)
       into ids, distances
      using sketch, null::text, null::text, any_codes, all_codes, year_from, year_to, sources, exclude, none_codes;
    perform set_config('enable_sort', 'on', true);
  end if;
  if few or coalesce(cardinality(ids), 0) < k then
    execute format(nearest, sketched, joined, conditions, format('(s.%I <%%> $1) + 0, s.mark_id', sketched), k)
       into ids, distances
      using sketch, null::text, null::text, any_codes, all_codes, year_from, year_to, sources, exclude, none_codes;
  end if;
  return query
  select found.id, (1 - found.distance)::real
    from unnest(ids, distances) as found (id, distance)
   where found.distance <= farthest;
end
$$;

comment on function logosim._nearest_names(text, bit, text, boolean, integer, text[], text[], integer, integer, text[], uuid, text[]) is
  'Internal: the k marks whose sketch of spelling or sound is nearest among those that pass, if alike at all; similarity: Jaccard, 0..1';

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
begin
  -- The words themselves, though the register may not have counted them yet, and the most similar ones of the register.
  select array_agg(alike.word), array_agg(alike.asked), array_agg(alike.weight)
    into words, asked_words, weights
    from (select a.word, a.word as asked, a.weight
            from logosim._distinctive_words(name) a
           union all
          select near.word, a.word, a.weight * near.similarity
            from logosim._distinctive_words(name) a
           cross join lateral (
                   select like_it.word, like_it.similarity
                        , sum(like_it.marks) over (order by like_it.similarity desc, like_it.word) as marks
                     from (select w.word, w.marks, similarity(w.word, a.word)
                             from logosim.word w
                            where w.word % a.word and w.word <> a.word and w.marks <= logosim._common_word()
                            order by 3 desc, w.word
                            limit 30) like_it) near
           where length(a.word) >= 5  -- in a shorter word a letter changed leaves nothing to find it by
             and near.marks <= case when conditions = '' then k else logosim._common_word() end) alike;
  if words is null then
    return;
  end if;
  return query execute format(
    'select w.mark_id, row_number() over (order by sum(w.weight) desc, w.whole desc, w.mark_id)
       from (select m.mark_id, alike.asked, max(alike.weight) as weight
                  , similarity(m.normalised_text, $2) as whole
               from unnest($11, $12, $13) as alike (word, asked, weight)
               join logosim.mark m on string_to_array(m.normalised_text, '' '') @> array[alike.word]
              where true %s
              group by m.mark_id, alike.asked) w
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
    name        text
  , sounds      text
  , conditions  text
  , few         boolean
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
  , channel  text
  , place    bigint
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
declare
  spoken text[];
begin
  if name is not null then
    return query execute format(
      'select r.mark_id, ''spelling'', min(r.place)
         from (select m.mark_id, 0::bigint as place
                 from logosim.mark m
                where m.normalised_text = $2 %1$s
               union all
               select n.mark_id, row_number() over (order by n.similarity desc, n.mark_id)
                 from logosim._nearest_names(
                        ''spelling'', logosim._spelling_sketch($2), $11, $12, %2$s, $4, $5, $6, $7, $8, $9, $10) n
               union all
               select w.mark_id, w.place
                 from logosim._names_with_words($2, $11, %2$s, $4, $5, $6, $7, $8, $9, $10) w) r
        group by r.mark_id
        order by 3, 1
        limit %2$s'
      , conditions, k)
      using null::halfvec, name, sounds, any_codes, all_codes, year_from, year_to, sources, exclude, none_codes, conditions, few;
  end if;
  if sounds is null then
    return;
  end if;

  -- What is asked for by sound: the whole, and distinctive words that can be told apart in every profile.
  select array_agg(said.sounds)
    into spoken
    from (select sounds
          union all
          select string_agg(split_part(profile.sounds, ' ', a.place), '|' order by profile.number)
            from logosim._distinctive_words(name) a
           cross join string_to_table(sounds, '|') with ordinality as profile (sounds, number)
           where position(' ' in name) > 0
           group by a.word, a.place
          having bool_and(cardinality(string_to_array(profile.sounds, ' ')) = cardinality(string_to_array(name, ' ')))) said;
  return query
  select r.mark_id, 'sound', min(r.place)
    from (select n.mark_id
               , row_number() over (partition by said.sounds order by n.similarity desc, n.mark_id) as place
            from unnest(spoken) as said (sounds)
           cross join lateral logosim._nearest_names(
                   'sound', logosim._sound_sketch(said.sounds), conditions, few, k
                 , any_codes, all_codes, year_from, year_to, sources, exclude, none_codes) n) r
   group by r.mark_id
   order by 3, 1
   limit k;
end
$$;

comment on function logosim._name_candidates(text, text, text, boolean, integer, text[], text[], integer, integer, text[], uuid, text[]) is
  'Internal: up to k marks each by spelling and by sound among those that pass conditions (of logosim._filter, over the parameters $4 to $10 of logosim.candidates), with their places. name: normalised, null: not by spelling. sounds: as in logosim.mark, null: not by sound. few: few marks pass';
