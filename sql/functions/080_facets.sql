-- Purpose: what a set of marks is made of, for a person who narrows a search down.
-- Callers: analysts, programs with a candidate set. Cost: one index look-up a mark, some 8 ms a thousand marks.

create or replace function logosim.facets(mark_ids uuid[], level text default 'division') returns table (
    facet    text
  , value    text
  , heading  text
  , marks    bigint
)
language plpgsql stable
set search_path = logosim, public, pg_temp
set jit = off
as $$
#variable_conflict use_column
declare
  width integer := logosim._vienna_width(level);
begin
  return query
  with chosen as materialized (
    select m.source, m.year, array(select key from unnest(m.vienna_keys) as key where length(key) = width) as codes
      from logosim.mark m
     where m.mark_id = any (mark_ids)
  )
  , counted as (
    select 1 as place, level as facet, carried.code as value, count(*) as marks
      from chosen c
      left join lateral unnest(c.codes) as carried (code) on true
     group by carried.code
    union all
    select 2, 'year', c.year::text, count(*) from chosen c group by c.year
    union all
    select 3, 'source', c.source, count(*) from chosen c group by c.source
  )
  select c.facet, c.value, v.label, c.marks
    from counted c
    left join logosim.vienna v on c.place = 1 and v.code = c.value
   order by c.place, c.marks desc, c.value collate "C";
end
$$;

comment on function logosim.facets(uuid[], text) is
'How many of these marks carry each Vienna code of a level (category, division or section), are of each year and of each source, the most frequent first.
facet: the level, year or source. value: code, year or source; null: marks without one. heading: of a code, as far as it is known. A mark counts once for each of its codes; ids that come twice count once, unknown ones not at all. With a search: facets(array(select mark_id from logosim.similar(...))).
Raises LS006 (no such level).';
