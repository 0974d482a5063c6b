-- Purpose: what the channels of a comparison say, in sentences. Callers: 081_explain.sql.
-- The same words: logosim/search/wording.py, explain.py and material.py. Cost: microseconds.

create or replace function logosim._degree(value double precision) returns text
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  select case
    when value >= 0.995 then 'the same'
    when value >= 0.85 then 'almost the same'
    when value >= 0.65 then 'much alike'
    when value >= 0.40 then 'somewhat alike'
    when value >= 0.15 then 'little alike'
    else 'quite different'
  end
$$;

comment on function logosim._degree(double precision) is
  'Internal: a similarity of 0..1 in words that follow "they look" or "they are spelt"';

create or replace function logosim._counted(count integer, noun text) returns text
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  select count || ' ' || noun || case when count = 1 then '' else 's' end
$$;

comment on function logosim._counted(integer, text) is 'Internal: a number with its noun: 1 part, 3 parts';

create or replace function logosim._listed(words text[]) returns text
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  select case when cardinality(words) < 2 then words[1]
           else array_to_string(words[: cardinality(words) - 1], ', ') || ' and ' || words[cardinality(words)] end
$$;

comment on function logosim._listed(text[]) is 'Internal: one or more words as a, b and c';

create or replace function logosim._look_sentence(value double precision, view integer) returns text
language sql immutable parallel safe
set search_path = logosim, pg_temp
as $$
  select case when view > 0
    then format('A part of the picture that stands apart in it and the whole earlier mark look %s.'
              , logosim._degree(value / 0.8))
    else format('As a whole, the pictures look %s.', logosim._degree(value))
  end
$$;

comment on function logosim._look_sentence(double precision, integer) is
  'Internal: the look in words; view: 0 the whole picture that asks, else one of its separate figures';

create or replace function logosim._place(scale double precision, mirrored boolean, down integer, rightwards integer)
returns text
language sql immutable parallel safe
set search_path = logosim, pg_temp
as $$
  select case when scale = 1 and not mirrored and down = 0 and rightwards = 0 then 'in the same place and size'
    else concat_ws(', '
         , case when scale = 1 then 'at the same size' else 'at ' || round(100 * scale) || '% of the size' end
         , case when mirrored then 'mirrored' end
         , 'moved ' || nullif(concat_ws(' and '
             , case when down <> 0
                 then logosim._counted(abs(down), 'cell') || case when down > 0 then ' down' else ' up' end end
             , case when rightwards <> 0
                 then logosim._counted(abs(rightwards), 'cell')
                      || case when rightwards > 0 then ' right' else ' left' end end), ''))
  end
$$;

comment on function logosim._place(double precision, boolean, integer, integer) is
  'Internal: where the figure of one picture lies in another, in words';

create or replace function logosim._shape_sentence(asked bytea, patches bytea, view integer) returns text
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  model    constant logosim.model := logosim._active_model();
  apart    constant text := case when view > 0 then ' that stands apart' else '' end;
  parts    constant text := logosim._counted(
    cardinality((logosim._patch_vectors(asked, model.patch_grid, model.patch_dimensions)).cells), 'part');
  match    record;
begin
  select * into match
    from logosim._match_patches(asked, array[patches], model.patch_grid, model.patch_dimensions);
  if match.scale is null then
    return format('No part of the figure%s appears in the earlier mark.', apart);
  end if;
  if view > 0 then  -- its place in its own square says nothing of its place in the picture
    return format(
      '%s of the %s of the figure%s %s in the earlier mark%s.', match.matched, parts, apart
      , case match.matched when 1 then 'appears' else 'appear' end, case when match.mirrored then ', mirrored' end);
  end if;
  return format(
    '%s of the figure''s %s %s in the earlier mark %s.', match.matched, parts
    , case match.matched when 1 then 'appears' else 'appear' end
    , logosim._place(match.scale, match.mirrored, match.down, match.rightwards));
end
$$;

comment on function logosim._shape_sentence(bytea, bytea, integer) is
  'Internal: how much of the figure of one picture is found in another, in words';

create or replace function logosim._vienna_sentence(codes text[], other_codes text[]) returns text
language plpgsql immutable
set search_path = logosim, pg_temp
as $$
declare
  -- The finest codes that both carry, those of things before the formal ones.
  shared  constant text[] := array(
    with common as materialized (
      select unnest(logosim.vienna_keys(codes)) as code
      intersect
      select unnest(logosim.vienna_keys(other_codes))
    )
    select c.code
      from common c
     where not exists (select from common f where starts_with(f.code, c.code || '.'))
     order by left(c.code, 2) in ('26', '27', '29'), c.code collate "C");
begin
  if cardinality(shared) = 0 then
    return 'The marks share no Vienna code.';
  end if;
  return format(
    'Both marks carry the Vienna %s %s%s.'
    , case when cardinality(shared) > 1 then 'codes' else 'code' end
    , logosim._listed(shared[1 : 4])
    , case when cardinality(shared) > 4 then ' and ' || cardinality(shared) - 4 || ' more' end);
end
$$;

comment on function logosim._vienna_sentence(text[], text[]) is 'Internal: which codes two marks share, in words';
