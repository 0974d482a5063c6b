-- Purpose: what the words of two names have to do with their similarity, in a sentence. Callers: 081_explain.sql.
-- The same words, by the same rules: logosim/search/name_reason.py and logosim/phonetics/pair.py.
-- Cost: that of comparing two names word by word.

create or replace function logosim._word_pair(
      channel          text    -- sound or spelling
    , one              text    -- normalised names, and their transcriptions
    , one_phonemes     text
    , other            text
    , other_phonemes   text
    , out words        text[]
    , out other_words  text[]
    , out weights      double precision[]
    , out other_weights  double precision[]
    , out similarities   double precision[]  -- those of the first word with each of the other name's first
    , out whole        double precision
    , out by_words     double precision
    , out excess       double precision
) returns record
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  said   text[];
  heard  text[];
begin
  if one is null or other is null or position(' ' in one || other) = 0 then
    return;
  end if;
  words := string_to_array(one, ' ');
  other_words := string_to_array(other, ' ');
  if channel = 'sound' then
    said := logosim._spoken_words(one, one_phonemes);
    heard := logosim._spoken_words(other, other_phonemes);
    if said is null or heard is null then
      words := null;
      return;
    end if;
    whole := logosim.aline_similarity(one_phonemes, other_phonemes);
    similarities := array(
      select coalesce(h.similarity, 0)::double precision
        from unnest(said) with ordinality as s (sound, place)
       cross join lateral unnest(logosim._aline_similarities(s.sound, heard)) with ordinality as h (similarity, place)
       order by s.place, h.place);
  else
    whole := logosim._spelling(one, other);
    similarities := array(
      select logosim._spelling(o.word, t.word)
        from unnest(words) with ordinality as o (word, place)
       cross join unnest(other_words) with ordinality as t (word, place)
       order by o.place, t.place);
  end if;
  weights := logosim._word_weights(words);
  other_weights := logosim._word_weights(other_words);
  select b.by_words, b.excess into by_words, excess
    from logosim._by_words(words, array_fill(1, array[cardinality(other_words)]), other_words, similarities) b;
end
$$;

comment on function logosim._word_pair(text, text, text, text, text) is
  'Internal: two names word by word; nulls where there is no name, or none of several words, or not as many spoken as written';

create or replace function logosim._as_written(word text, name text) returns text
language plpgsql stable
set search_path = logosim, pg_temp
as $$
begin
  return coalesce(
    (select f.found[1]
       from regexp_matches(name, '\w+', 'g') with ordinality as f (found, place)
      where logosim.normalise_text(f.found[1]) = word
      order by f.place
      limit 1)
  , word);
end
$$;

comment on function logosim._as_written(text, text) is 'Internal: a word of a normalised name as the name itself writes it';

create or replace function logosim._name_sentence(
    channel         text
  , value           double precision
  , name            text
  , phonemes        text
  , other_name      text
  , other_phonemes  text
) returns text
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  verb         constant text := case channel when 'sound' then 'sound' else 'are spelt' end;
  whole        constant text := format('The names “%s” and “%s” %s %s', name, other_name, verb, logosim._degree(value));
  one          constant text := logosim.normalise_text(name);
  other        constant text := logosim.normalise_text(other_name);
  pair         record;
  said         double precision := -1;
  closest      integer;  -- words that say most: place among the similarities
  row          integer;
  col          integer;
  mine         text;
  theirs       text;
  distinctive  text;
  generic      text[];
begin
  if value < 0.4 and not string_to_array(one, ' ') && string_to_array(other, ' ') then
    return whole || '.';
  end if;
  pair := logosim._word_pair(channel, one, phonemes, other, other_phonemes);
  if pair.words is null then
    return whole || '.';
  end if;

  if pair.by_words > pair.whole - pair.excess and value >= 0.4 then
    for place in 1 .. cardinality(pair.similarities) loop
      row := (place - 1) / cardinality(pair.other_words) + 1;
      col := (place - 1) % cardinality(pair.other_words) + 1;
      if pair.weights[row] * pair.other_weights[col] * pair.similarities[place] > said then
        said := pair.weights[row] * pair.other_weights[col] * pair.similarities[place];
        closest := place;
      end if;
    end loop;
    row := (closest - 1) / cardinality(pair.other_words) + 1;
    col := (closest - 1) % cardinality(pair.other_words) + 1;
    mine := logosim._as_written(pair.words[row], name);
    theirs := logosim._as_written(pair.other_words[col], other_name);
    distinctive := case when least(pair.weights[row], pair.other_weights[col]) >= 0.5 then 'distinctive ' else '' end;
    return case
      when pair.similarities[closest] < 0.995 then
        format('The %swords “%s” and “%s” %s %s.', distinctive, mine, theirs, verb
             , logosim._degree(pair.similarities[closest]))
      when cardinality(pair.other_words) = 1 then
        format('The %sword “%s” of the earlier mark %s in “%s”.', distinctive, theirs
             , case channel when 'sound' then 'is heard' else 'is contained' end, name)
      when cardinality(pair.words) = 1 then
        format('The %sword “%s” %s in the earlier mark “%s”.', distinctive, mine
             , case channel when 'sound' then 'is heard' else 'is contained' end, other_name)
      when channel = 'sound' then format('The %swords “%s” and “%s” sound the same.', distinctive, mine, theirs)
      else format('Both names have the %sword “%s”.', distinctive, mine)
    end;
  end if;

  generic := array(
    select logosim._as_written(w.word, name)
      from unnest(pair.words, pair.weights) with ordinality as w (word, weight, place)
     where w.word = any (pair.other_words)
       and w.weight < (select max(m.weight) from unnest(pair.weights) as m (weight))
       and w.place = array_position(pair.words, w.word)
     order by w.place);
  if pair.excess < 0.03 or cardinality(generic) = 0 then
    return whole || '.';
  end if;
  return format(
    '%s; %s, which both have, %s little.', whole
    , logosim._listed(array(select '“' || g.word || '”' from unnest(generic) with ordinality as g (word, place) order by place))
    , case when cardinality(generic) > 1 then 'distinguish' else 'distinguishes' end);
end
$$;

comment on function logosim._name_sentence(text, double precision, text, text, text, text) is
  'Internal: why two names are alike by so much: as wholes, or by a distinctive word';
