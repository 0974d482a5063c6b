-- Purpose: what a name may sound like to English, German and Romance ears.
-- Callers: merge_marks, searches by name, analysts. The same algorithm: logosim/phonetics/transcribe.py and rules.py.
-- Cost: one index look-up (phoneme_rule_lookup_idx) a letter and profile; not in BENCHMARKS.md yet.

create or replace function logosim._prepare_name(name text) returns text
language plpgsql stable strict parallel safe
set search_path = pg_catalog
as $$
declare
  -- Letters beside a to z that have rules of their own; all others are transliterated first.
  own_letters constant text := 'äöüåæøœłßçñéšžčćśńżźşğ';
  -- Words that nobody can read aloud are spelled: single letters, and up to four letters without a vowel (BMW) or with
  -- a beginning that no profile has (QLED). The same expression stands in transcribe.py.
  unreadable constant text :=
    '^(?:[a-z]|[bcdfghjklmnpqrstvwxzłßçñšžčćśńżźşğ]{2,4}'
    '|(?=.{2,4}$)(?:b[cdfgkmnpqstvwxz]|c[bcdfgjkmnpqstvwx]|d[bcdfgklmnpqstvx]|f[bcdfghkmnpqstvwxz]'
    '|g[bcdfgkmpqstvxz]|h[bcdfghkmnpqstvxz]|j[bcdfghjklmnpqrstvwxz]|k[bcdfgkmpqtxz]|l[bcdfgjkmnpqrstvwxz]'
    '|m[bdfghklmpqrstvwxz]|n[bcdfhjklmnpqrstvwxz]|p[bcdgkmpqvwxz]|q[bcdfghjklmnpqrstvwxz]|r[bcdfgjklmnpqrstvwxz]'
    '|t[bdfgklmnpqtvx]|v[bcdfghkmnpqstvwxz]|w[bcdfgjklmnpqstvwxz]|z[cfgjkpqstxz]).*)$';
  word text;
  prepared text := '_';
begin
  name := translate(name, U&'\2122\2120''\2019\2018\02BC', '  ');
  if octet_length(name) > length(name) then
    name := normalize(translate(
      normalize(name, nfkd), 'ABCDEFGHIJKLMNOPQRSTUVWXYZÆØŒŁẞ', 'abcdefghijklmnopqrstuvwxyzæøœłß'), nfc);
    select string_agg(
             case
               when ascii(piece.character) < 128 or position(piece.character in own_letters) > 0 then piece.character
               else logosim._fold(piece.character, words_for_signs => false)
             end
           , '' order by piece.place)
      into name
      from string_to_table(name, null) with ordinality as piece (character, place);
  else
    name := translate(name, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz');
  end if;
  if name ~ '[^a-z]' then
    name := btrim(regexp_replace(regexp_replace(regexp_replace(
      name, '[^a-z0-9&+@' || own_letters || ']+', ' ', 'g'), '([0-9&+@])', ' \1 ', 'g'), ' +', ' ', 'g'));
  end if;
  name := rtrim(left(name, 100));
  if name = '' then
    return null;
  end if;
  foreach word in array string_to_array(name, ' ') loop
    if length(word) <= 4 and word ~ unreadable then
      word := regexp_replace(word, '([a-z' || own_letters || '])', '=\1', 'g');
    end if;
    prepared := prepared || word || '_';
  end loop;
  return prepared || '__';
end
$$;

comment on function logosim._prepare_name(text) is
  'Internal: a name as the rules of logosim.phoneme_rule read it; "_" between words, "=" before spelled letters';

create or replace function logosim._pronounce(prepared text, in_profile text) returns text
language plpgsql stable strict parallel safe
set search_path = pg_catalog
set plan_cache_mode = force_generic_plan  -- planning would take longer than running
as $$
declare
  ending constant integer := length(prepared) - 3;
  widths integer[];
  readings text[];
  place integer := 2;
  sounds text := '';
begin
  -- What a rule would read at every place, though places inside a longer grapheme are then stepped over: one statement
  -- is cheaper than one for each place that is read.
  select array_agg(rule.width order by spot.place)
       , array_agg(rule.phonemes order by spot.place)
    into widths, readings
    from generate_series(2, ending) as spot (place)
    left join lateral (
      select length(r.grapheme) as width
           , r.phonemes
        from logosim.phoneme_rule as r
       where r.profile = in_profile
         and left(r.grapheme, 1) = substr(prepared, spot.place, 1)
         and substr(prepared, spot.place, length(r.grapheme)) = r.grapheme
         and (r.before = '' or position(substr(prepared, spot.place - 1, 1) in r.before) > 0)
         and (r.after = '' or position(substr(prepared, spot.place + length(r.grapheme), 1) in r.after) > 0)
         and (r.after_2 = '' or position(substr(prepared, spot.place + length(r.grapheme) + 1, 1) in r.after_2) > 0)
         and (r.after_3 = '' or position(substr(prepared, spot.place + length(r.grapheme) + 2, 1) in r.after_3) > 0)
       order by r.position
       limit 1
    ) as rule on true;
  while place <= ending loop
    sounds := sounds || coalesce(readings[place - 1], '');
    place := place + coalesce(widths[place - 1], 1);
  end loop;
  return btrim(regexp_replace(sounds, ' +', ' ', 'g'));
end
$$;

comment on function logosim._pronounce(text, text) is 'Internal: a prepared name in one profile, as IPA';

create or replace function logosim.phonemes(name text) returns text
language plpgsql stable strict parallel safe
set search_path = pg_catalog
as $$
declare
  prepared constant text := logosim._prepare_name(name);
begin
  return nullif(
    logosim._pronounce(prepared, 'en') || '|'
    || logosim._pronounce(prepared, 'de') || '|'
    || logosim._pronounce(prepared, 'ro'), '||');
end
$$;

comment on function logosim.phonemes(text) is
  'IPA of a name by profile, english|german|romance; one character is one segment; null where nothing is pronounceable';
