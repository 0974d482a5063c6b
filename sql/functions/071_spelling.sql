-- Purpose: how alike two normalised names are written, as wholes: the mean of Jaro-Winkler and trigram similarity.
-- Callers: 072_name_similarity.sql. The same algorithm: logosim/phonetics/spelling.py.
-- Cost: some 10 us a pair.

create or replace function logosim._jaro_winkler(one text, other text) returns double precision
language plpgsql immutable strict parallel safe
set search_path = pg_catalog
as $$
declare
  lengths    integer[] := array[length(one), length(other)];
  reach      integer := greatest(greatest(lengths[1], lengths[2]) / 2 - 1, 0);
  free       bytea := convert_to(one, 'UTF8');  -- letters of the first that none of the second has met; 0: met
  letters    bytea := free;
  others     bytea := convert_to(other, 'UTF8');
  met        bytea := '';                       -- letters of the second that have met one, in their order
  first      integer;
  place      integer;
  common     integer := 0;
  exchanged  integer := 0;
  prefix     integer := 0;
  similarity double precision;
begin
  if one = other then
    return 1;
  end if;
  for number in 1 .. lengths[2] loop
    first := greatest(number - reach, 1);
    continue when first > lengths[1];
    place := position(substring(others from number for 1) in substring(free from first for number + reach - first + 1));
    if place > 0 then
      free := set_byte(free, first + place - 2, 0);
      met := met || substring(others from number for 1);
    end if;
  end loop;
  if met = '' then
    return 0;
  end if;
  for number in 0 .. lengths[1] - 1 loop
    if get_byte(free, number) = 0 then
      if get_byte(letters, number) <> get_byte(met, common) then
        exchanged := exchanged + 1;
      end if;
      common := common + 1;
    end if;
  end loop;
  similarity := (common::double precision / lengths[1] + common::double precision / lengths[2]
                 + (common - exchanged / 2)::double precision / common) / 3;
  if similarity > 0.7 then
    while prefix < least(4, lengths[1], lengths[2]) and get_byte(letters, prefix) = get_byte(others, prefix) loop
      prefix := prefix + 1;
    end loop;
    similarity := similarity + prefix * 0.1::double precision * (1 - similarity);
  end if;
  return similarity;
end
$$;

comment on function logosim._jaro_winkler(text, text) is
  'Internal: Jaro-Winkler similarity of two texts in ASCII, 0..1, with a prefix weight of 0.1 over four letters above 0.7';

create or replace function logosim._spelling(one text, other text) returns double precision
language plpgsql immutable strict parallel safe
set search_path = public, pg_temp
as $$
declare
  near     constant double precision := similarity(one, other);  -- in single precision: common / all
  of_both  constant integer := cardinality(show_trgm(one)) + cardinality(show_trgm(other));
  common   constant double precision := round(near * of_both / (1 + near));
begin
  return (logosim._jaro_winkler(one, other) + case when common > 0 then common / (of_both - common) else 0 end) / 2;
end
$$;

comment on function logosim._spelling(text, text) is
  'Internal: mean of Jaro-Winkler and trigram similarity of two normalised names, 0..1';
