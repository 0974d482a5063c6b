-- Purpose: how many Vienna codes two marks share. Callers: 076_judgement.sql, 079_explain.sql, analysts.
-- The same measure, with its reasons: logosim/search/vienna_overlap.py. Cost: some 10 us a pair.

create or replace function logosim._vienna_weight(keys text[]) returns double precision
language plpgsql immutable strict parallel safe
set search_path = pg_catalog
as $$
declare
  weight  double precision := 0;
  code    text;
begin
  -- The finer a code, the more it says; geometrical figures, forms of writing and colours say a quarter.
  foreach code in array keys loop
    weight := weight + case length(code) when 2 then 1 when 5 then 2 else 4 end
                       * case left(code, 2) when '26' then 0.25 when '27' then 0.25 when '29' then 0.25 else 1 end;
  end loop;
  return weight;
end
$$;

comment on function logosim._vienna_weight(text[]) is
  'Internal: what codes of any level count together when codes are compared; their ancestors count only as far as they are there';

create or replace function logosim._vienna_overlap(asked_keys text[], keys text[]) returns real
language plpgsql immutable strict parallel safe
set search_path = logosim, pg_temp
as $$
declare
  shared  text[] := '{}';
  common  double precision;
  key     text;
begin
  if cardinality(asked_keys) = 0 or cardinality(keys) = 0 then
    return null;
  end if;
  foreach key in array keys loop
    if key = any (asked_keys) then
      shared := shared || key;
    end if;
  end loop;
  common := logosim._vienna_weight(shared);
  return (common / (logosim._vienna_weight(asked_keys) + logosim._vienna_weight(keys) - common))::real;
end
$$;

comment on function logosim._vienna_overlap(text[], text[]) is
  'Internal: weighted Jaccard similarity of codes with their ancestors, of logosim.vienna_keys, 0..1; null where a side has none';

create or replace function logosim.vienna_overlap(one_codes text[], other_codes text[]) returns real
language plpgsql immutable strict parallel safe
set search_path = logosim, pg_temp
as $$
begin
  return logosim._vienna_overlap(
    logosim.vienna_keys(logosim._vienna_codes(one_codes)), logosim.vienna_keys(logosim._vienna_codes(other_codes)));
end
$$;

comment on function logosim.vienna_overlap(text[], text[]) is
  'How many Vienna codes two marks share, 0..1, finer ones and those of things weighing more; null where a side has none. Raises LS004 (bad Vienna code)';
