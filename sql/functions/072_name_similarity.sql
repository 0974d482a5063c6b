-- Purpose: how alike names are written and sound, the channels of names: as wholes, corrected by what their words say.
-- Callers: 076_judgement.sql, analysts. The same algorithm, with its reasons: logosim/phonetics/names.py and words.py.
-- Cost: 0.1 to 0.2 ms a name. See BENCHMARKS.md.

create or replace function logosim._word_weights(words text[]) returns double precision[]
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  names constant double precision := greatest(coalesce((select c.names from logosim.word_census c), 0), 1000) + 1;
begin
  return array(
    select least(greatest(
             least(length(w.word), 3) / 3.0::double precision
             * ln(names / case when g.word is null then coalesce(k.marks, 0) + 1 else names end) / ln(names)
           , 0.1), 1)
      from unnest(words) with ordinality as w (word, place)
      left join logosim.word k on k.word = w.word
      left join logosim.generic_word g on g.word = w.word
     order by w.place);
end
$$;

comment on function logosim._word_weights(text[]) is
  'Internal: how distinctive words of normalised names are, 0.1..1: the rarer in the register, the more (logosim/phonetics/weights.py)';

create or replace function logosim._by_words(
    asked_words   text[]
  , owners        integer[]           -- whose each of the other words is
  , words         text[]
  , similarities  double precision[]  -- of each asked word and each of the others: those of the first asked word first
) returns table (
    owner     integer
  , by_words  double precision
  , excess    double precision
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
declare
  several  constant integer := cardinality(owners);
  weights  double precision[] := logosim._word_weights(asked_words);
  others   double precision[] := logosim._word_weights(_by_words.words);
begin
  return query
  with pair as materialized (
    select (p.number - 1) / several + 1 as asked, o.place, o.owner, p.similarity
         , o.weight / weights[(p.number - 1) / several + 1] as ratio
      from unnest(similarities) with ordinality as p (similarity, number)
      join unnest(owners, others) with ordinality as o (owner, weight, place) on o.place = (p.number - 1) % several + 1
  )
  , own as (
    select a.asked, a.owner, a.near, a.met, w.weight, w.weight ^ 2 as mass, length(w.word) as letters
      from (select p.asked, p.owner, max(p.similarity) as near, max(p.similarity * least(p.ratio, 1)) as met
              from pair p
             group by p.asked, p.owner) a
      join unnest(asked_words, weights) with ordinality as w (word, weight, place) on w.place = a.asked
  )
  , theirs as (
    select o.owner, o.place, t.near, t.met, o.weight, o.weight ^ 2 as mass, length(o.word) as letters
      from (select p.place, max(p.similarity) as near, max(p.similarity / greatest(p.ratio, 1)) as met
              from pair p
             group by p.place) t
      join unnest(owners, _by_words.words, others) with ordinality as o (owner, word, weight, place) on o.place = t.place
  )
  , one as (
    select o.owner
         , sum(o.mass * o.met order by o.asked) / sum(o.mass order by o.asked) as covered
         , sum(o.mass * o.met ^ 2 order by o.asked) / sum(o.mass order by o.asked) as contained
         , sum(o.letters * o.near order by o.asked) / sum(o.letters order by o.asked) as letters
         , sum(o.letters * o.mass * o.near order by o.asked) / sum(o.letters * o.mass order by o.asked) as weighed
         , max(o.weight) as most
      from own o
     group by o.owner
  )
  , other as (
    select t.owner
         , sum(t.mass * t.met order by t.place) / sum(t.mass order by t.place) as covered
         , sum(t.mass * t.met ^ 2 order by t.place) / sum(t.mass order by t.place) as contained
         , sum(t.letters * t.near order by t.place) / sum(t.letters order by t.place) as letters
         , sum(t.letters * t.mass * t.near order by t.place) / sum(t.letters * t.mass order by t.place) as weighed
         , max(t.weight) as most
      from theirs t
     group by t.owner
  )
  select one.owner
       , least(greatest(
           (greatest(one.most * one.contained, other.most * other.contained)
            + least(one.most, other.most) * sqrt(one.covered * other.covered)) / 2, 0), 1)
       , least(greatest(
           (greatest(one.letters - one.weighed, 0) + greatest(other.letters - other.weighed, 0)) / 2, 0), 1)
    from one
    join other on other.owner = one.owner;
end
$$;

comment on function logosim._by_words(text[], integer[], text[], double precision[]) is
  'Internal: what the words of a name and of several others say: similarity by words, and what the similarity of the whole names owes to generic words';

create or replace function logosim._spelling_of_names(asked text, names text[]) returns real[]
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  whole         real[] := array(
    select logosim._spelling(asked, n.name)::real from unnest(names) with ordinality as n (name, place) order by n.place);
  asked_words   text[] := string_to_array(asked, ' ');
  owners        integer[];
  words         text[];
  similarities  double precision[];
begin
  -- Names of one word each are compared as wholes and nothing else.
  select array_agg(n.place order by n.place, w.place), array_agg(w.word order by n.place, w.place)
    into owners, words
    from unnest(names) with ordinality as n (name, place)
   cross join lateral string_to_table(n.name, ' ') with ordinality as w (word, place)
   where cardinality(asked_words) > 1 or position(' ' in n.name) > 0;
  if owners is null then
    return whole;
  end if;

  with known as materialized (
    select a.word as asked, w.word, logosim._spelling(a.word, w.word) as similarity
      from (select distinct word from unnest(asked_words) as word) a
     cross join (select distinct word from unnest(words) as word) w
  )
  select array_agg(k.similarity order by a.place, w.place)
    into similarities
    from unnest(asked_words) with ordinality as a (word, place)
   cross join unnest(words) with ordinality as w (word, place)
    join known k on k.asked = a.word and k.word = w.word;

  return logosim._corrected(whole, asked_words, owners, words, similarities);
end
$$;

comment on function logosim._spelling_of_names(text, text[]) is
  'Internal: how alike a normalised name and each of others are written, 0..1, in their order; null for null';

create or replace function logosim._corrected(
    whole         real[]
  , asked_words   text[]
  , owners        integer[]
  , words         text[]
  , similarities  double precision[]
) returns real[]
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
begin
  return array(
    select case when w.value is null or b.owner is null then w.value
             else greatest(w.value - b.excess, b.by_words)::real end
      from unnest(whole) with ordinality as w (value, place)
      left join logosim._by_words(asked_words, owners, words, similarities) b on b.owner = w.place
     order by w.place);
end
$$;

comment on function logosim._corrected(real[], text[], integer[], text[], double precision[]) is
  'Internal: similarities of whole names, corrected by what their words say';

create or replace function logosim._spoken_words(name text, spoken text) returns text[]
language plpgsql immutable strict parallel safe
set search_path = pg_catalog
as $$
declare
  words     text[];
  counts    integer[];  -- a number is read digit by digit, as words of their own
  profiles  text[];
  said      text[];
  last      integer;
  found     text[];
begin
  if name !~ '[^a-z]' then
    return case when position(' ' in spoken) = 0 then array[spoken] end;
  end if;
  words := string_to_array(name, ' ');
  counts := case when name !~ '[0-9]' then array_fill(1, array[cardinality(words)])
              else array(select regexp_count(w.word, '[a-z]+|[0-9]')
                           from unnest(words) with ordinality as w (word, place) order by w.place) end;
  profiles := string_to_array(spoken, '|');
  for profile in 1 .. cardinality(profiles) loop
    said := case when profiles[profile] = '' then array[''] else string_to_array(profiles[profile], ' ') end;
    if cardinality(said) <> (select sum(c) from unnest(counts) as c) then
      return null;
    end if;
    last := 0;
    for number in 1 .. cardinality(counts) loop
      found[number] := case when profile > 1 then found[number] || '|' else '' end
                       || array_to_string(said[last + 1 : last + counts[number]], ' ');
      last := last + counts[number];
    end loop;
  end loop;
  return found;
end
$$;

comment on function logosim._spoken_words(text, text) is
  'Internal: the transcription of each word of a normalised name; null where it has not as many words as the name in every profile';

create or replace function logosim._sound_of_names(asked text, spoken text, names text[], spoken_names text[])
returns real[]
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  whole         real[] := logosim._aline_similarities(spoken, spoken_names);
  asked_words   text[] := string_to_array(asked, ' ');
  asked_sounds  text[] := logosim._spoken_words(asked, spoken);
  owners        integer[];
  words         text[];
  sounds        text[];
  different     text[];
  similarities  double precision[];
begin
  if asked_sounds is null then
    return whole;
  end if;
  select array_agg(n.place order by n.place, w.place), array_agg(w.word order by n.place, w.place)
       , array_agg(w.sound order by n.place, w.place), array_agg(distinct w.sound)
    into owners, words, sounds, different
    from unnest(names, spoken_names) with ordinality as n (name, spoken, place)
   cross join lateral unnest(string_to_array(n.name, ' '), logosim._spoken_words(n.name, n.spoken))
         with ordinality as w (word, sound, place)
   where (cardinality(asked_words) > 1 or position(' ' in n.name) > 0)
     and logosim._spoken_words(n.name, n.spoken) is not null;
  if owners is null then
    return whole;
  end if;

  with known as materialized (
    select a.sound as asked, s.sound, coalesce(s.similarity, 0)::double precision as similarity
      from (select distinct sound from unnest(asked_sounds) as sound) a
     cross join lateral unnest(different, logosim._aline_similarities(a.sound, different)) as s (sound, similarity)
  )
  select array_agg(k.similarity order by a.place, s.place)
    into similarities
    from unnest(asked_sounds) with ordinality as a (sound, place)
   cross join unnest(sounds) with ordinality as s (sound, place)
    join known k on k.asked = a.sound and k.sound = s.sound;

  return logosim._corrected(whole, asked_words, owners, words, similarities);
end
$$;

comment on function logosim._sound_of_names(text, text, text[], text[]) is
  'Internal: how alike a name and each of others sound, 0..1, in their order; null where there is nothing to compare. Names are normalised, with their transcriptions';

create or replace function logosim.spelling_similarity(one text, other text) returns real
language plpgsql stable strict
set search_path = logosim, public, pg_temp
as $$
declare
  asked constant text := logosim.normalise_text(one);
begin
  return (logosim._spelling_of_names(asked, array[logosim.normalise_text(other)]))[1];
end
$$;

comment on function logosim.spelling_similarity(text, text) is
  'How alike two names are written, 0..1, as a search judges it: Jaro-Winkler and trigrams, corrected by distinctive and generic words; null where either has no letter or digit';

create or replace function logosim.sound_similarity(one text, other text) returns real
language plpgsql stable strict
set search_path = logosim, public, pg_temp
as $$
declare
  asked   constant text := logosim.normalise_text(one);
  spoken  constant text := logosim.phonemes(one);
begin
  if asked is null or spoken is null then
    return null;
  end if;
  return (logosim._sound_of_names(
    asked, spoken, array[logosim.normalise_text(other)], array[logosim.phonemes(other)]))[1];
end
$$;

comment on function logosim.sound_similarity(text, text) is
  'How alike two names sound when they are pronounced by rule, 0..1, as a search judges it: ALINE in three ways of reading, corrected by distinctive and generic words; null where either cannot be pronounced';

create or replace function logosim.name_similarity(one text, other text) returns real
language plpgsql stable strict
set search_path = logosim, public, pg_temp
as $$
declare
  spelt     constant real := logosim.spelling_similarity(one, other);
  sounding  constant real := logosim.sound_similarity(one, other);
begin
  return coalesce((sounding + 2 * spelt) / 3, spelt, sounding);
end
$$;

comment on function logosim.name_similarity(text, text) is
  'How alike two names are, 0..1: the mean of ALINE, Jaro-Winkler and trigram similarity, that is one third of logosim.sound_similarity and two of logosim.spelling_similarity, and the latter alone where there is no sound. A search weighs the two by its curves of evidence instead';
