-- Purpose: what a filter asks of a row of mark_look, or of mark_coarse, as conditions of a statement with their values in it.
-- Callers: logosim._look, and through it each of its routes.
-- Cost: microseconds.
-- Notes. Operators of arrays are named with their schema, or intarray's would be taken, which the index does not serve.

create or replace function logosim._look_facts(
    year_from  integer
  , year_to    integer
  , sources    text[]
  , has_text   boolean
  , exclude    uuid
) returns text
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  select concat(
    case when year_from is not null then format(' and l.year >= %s', year_from) end
  , case when year_to is not null then format(' and l.year <= %s', year_to) end
  , case has_text when true then ' and l.has_text' when false then ' and not l.has_text' end
  , case when exclude is not null then format(' and l.mark_id <> %L::uuid', exclude) end
  , case when cardinality(sources) > 0 then format(' and l.source = any (%L::text[])', sources) end)
$$;

comment on function logosim._look_facts(integer, integer, text[], boolean, uuid) is
  'Internal: the conditions of a filter, but those of Vienna codes, on a row l of mark_look or mark_coarse';

create or replace function logosim._look_filter(
    vienna_any   integer[]
  , vienna_all   integer[]
  , vienna_none  integer[]
  , year_from    integer
  , year_to      integer
  , sources      text[]
  , has_text     boolean
  , exclude      uuid
) returns text
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  select concat(
    case when cardinality(vienna_any) > 0 then format(' and l.vienna_numbers operator(pg_catalog.&&) %L::integer[]', vienna_any) end
  , case when cardinality(vienna_all) > 0 then format(' and l.vienna_numbers operator(pg_catalog.@>) %L::integer[]', vienna_all) end
  , case when cardinality(vienna_none) > 0 then format(' and not l.vienna_numbers operator(pg_catalog.&&) %L::integer[]', vienna_none) end
  , logosim._look_facts(year_from, year_to, sources, has_text, exclude))
$$;

comment on function logosim._look_filter(integer[], integer[], integer[], integer, integer, text[], boolean, uuid) is
  'Internal: the conditions of a filter on a row l of mark_look';

create or replace function logosim._coarse_filter(
    vienna_any        integer[]
  , vienna_all        integer[]
  , vienna_none       integer[]
  , year_from         integer
  , year_to           integer
  , sources           text[]
  , has_text          boolean
  , exclude           uuid
  , out filter        text
  , out filter_near   text
  , out filter_whole  text
) returns record
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  with asked as (
    select g.kind, g.joined
         , (select string_agg(format(g.by_bits, w.word, w.bits), g.joined order by w.word desc)  -- the last has the most frequent
              from unnest(logosim._coarse_bits(g.numbers)) with ordinality as w (bits, word)
             where w.bits <> 0) as bits
         , (select case g.kind when 'all' then
                     string_agg(
                       coalesce(logosim._coarse_section(n)::text, 'null')
                       || ' in (l.section_1, l.section_2, l.section_3, l.section_4, l.section_5, l.section_6)'
                     , ' and ')
                   else
                     (select format(g.by_sections, string_agg(format('l.section_%s = any (%L::smallint[])', place, of), ' or '))
                        from generate_series(1, 6) as place
                       cross join (select array_remove(array_agg(logosim._coarse_section(n)), null)) as s (of))
                   end
              from unnest(g.numbers) as n
             where n <> all (logosim._coarse_codes())
            having count(*) > 0) as sections
      from (values
             ('any', vienna_any, ' or ', '(l.codes_%s & %L::bigint) <> 0', '(%s)')
           , ('all', vienna_all, ' and ', '(l.codes_%s & %2$L::bigint) = %2$L::bigint', null)
           , ('none', vienna_none, ' and ', '(l.codes_%s & %L::bigint) = 0', 'not (%s)')
           ) as g (kind, numbers, joined, by_bits, by_sections)
     where cardinality(g.numbers) > 0
  )
  select concat(
           string_agg(' and (' || a.bits || ')', '') filter (where a.kind <> 'any' or a.sections is null)
         , logosim._look_facts(year_from, year_to, sources, has_text, exclude))
       , coalesce(
           ' and (l.section_6 < 0 or '
           || string_agg('(' || concat_ws(' or ', case a.kind when 'any' then a.bits end, a.sections) || ')', ' and ')
                filter (where a.sections is not null)
           || ')'
         , '')
       , case when count(a.sections) > 0 then
           ' and (l.section_6 >= 0 or true'
           || logosim._look_filter(vienna_any, vienna_all, vienna_none, null, null, null, null, null)
           || ')'
         else '' end
    from asked a
$$;

comment on function logosim._coarse_filter(integer[], integer[], integer[], integer, integer, text[], boolean, uuid) is
  'Internal: the conditions of a filter on a row l of mark_coarse: those on its bits and facts, those on its sections, and those on a row of mark_look where the short one does not tell';
