-- Purpose: Vienna codes in one spelling and at all levels.
-- Callers: generated columns of logosim.mark, filters of searches, analysts. The same algorithm: logosim/domain/vienna.py.
-- Cost: microseconds. A change of vienna_keys or vienna_divisions needs a revision that rewrites logosim.mark.

create or replace function logosim.vienna_code(code text) returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog
as $$
declare
  groups text[] := regexp_match(
    code, '^[ \t\n\r\f\v]*([0-9]{1,2})(?:[. \t\n\r\f\v]([0-9]{1,2}))?(?:[. \t\n\r\f\v]([0-9]{1,2}))?[ \t\n\r\f\v]*$');
begin
  if groups is null then
    raise exception 'Not a Vienna code: %', quote_literal(left(code, 40))
      using errcode = 'LS004'
          , hint = 'A Vienna code is one- or two-digit groups joined by dots: 03, 03.07 or 3.7.1';
  end if;
  return array_to_string(array(select lpad(part, 2, '0') from unnest(groups) as part where part is not null), '.');
end
$$;

comment on function logosim.vienna_code(text) is 'A Vienna code zero-padded: 3.7 -> 03.07. Raises LS004 if it is none';

create or replace function logosim.vienna_keys(codes text[]) returns text[]
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  select coalesce(array_agg(distinct left(code, width) collate "C" order by left(code, width) collate "C"), '{}')
    from unnest(codes) as given
   cross join logosim.vienna_code(given) as code
   cross join unnest(array[2, 5, 8]) as width
   where length(code) >= width
$$;

comment on function logosim.vienna_keys(text[]) is
  'Every code, in any spelling, with its ancestors, sorted: {26.04.05} -> {26,26.04,26.04.05}. What filters at any level compare with. Raises LS004 if one is no Vienna code';

create or replace function logosim.vienna_divisions(codes text[]) returns text[]
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  select coalesce(array_agg(distinct left(code, 5) collate "C" order by left(code, 5) collate "C"), '{}')
    from unnest(codes) as given
   cross join logosim.vienna_code(given) as code
   where length(code) >= 5
$$;

comment on function logosim.vienna_divisions(text[]) is 'Divisions of codes, in any spelling, sorted: {26.04.05,29.1} -> {26.04,29.01}. Raises LS004 if one is no Vienna code';

create or replace function logosim._vienna_codes(codes text[]) returns text[]
language plpgsql immutable parallel safe
set search_path = pg_catalog
as $$
begin
  if coalesce(cardinality(codes), 0) = 0 then
    return null;
  end if;
  if exists (select from unnest(codes) as code where code is null) then
    raise exception 'A Vienna code is null' using errcode = 'LS004', hint = 'Leave it out';
  end if;
  return array(select distinct logosim.vienna_code(code) from unnest(codes) as code);
end
$$;

comment on function logosim._vienna_codes(text[]) is 'Internal: canonical codes of a filter, or null where it is empty';
