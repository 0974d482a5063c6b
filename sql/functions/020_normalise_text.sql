-- Purpose: one spelling of a name for searching.
-- Callers: merge_marks, searches by name, analysts. The same algorithm: logosim/phonetics/normalise.py.
-- Cost: in proportion to the length of the text; not in BENCHMARKS.md yet.

create or replace function logosim._fold(text_value text, words_for_signs boolean default true) returns text
language plpgsql stable strict parallel safe
set search_path = pg_catalog
as $$
begin
  if octet_length(text_value) > length(text_value) then
    -- Trade mark signs would decompose to letters; accents are marks of their own once decomposed.
    text_value := regexp_replace(
      normalize(translate(text_value, U&'\2122\2120', '  '), nfkd), U&'[\0300-\036F]', '', 'g');
    if octet_length(text_value) > length(text_value) then
      select string_agg(
               case when ascii(piece.character) < 128 then piece.character else coalesce(known.replacement, ' ') end
             , '' order by piece.place)
        into text_value
        from string_to_table(text_value, null) with ordinality as piece (character, place)
        left join logosim.transliteration as known on known.character = piece.character;
    end if;
  end if;
  if words_for_signs and position('&' in text_value) > 0 then
    text_value := replace(
      text_value, '&', (select known.replacement from logosim.transliteration as known where known.character = '&'));
  end if;
  return translate(text_value, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz');
end
$$;

comment on function logosim._fold(text, boolean) is
  'Internal: text in lower-case ASCII, accents dropped, Greek and Cyrillic transliterated, what is unknown as spaces';

create or replace function logosim.normalise_text(text_value text) returns text
language plpgsql stable strict parallel safe
set search_path = pg_catalog
as $$
begin
  return nullif(btrim(regexp_replace(logosim._fold(text_value), '[^a-z0-9]+', ' ', 'g')), '');
end
$$;

comment on function logosim.normalise_text(text) is
  'Search key of a name: words of a-z and 0-9 with one space between; null where nothing is left';
