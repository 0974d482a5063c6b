-- Purpose: Vienna codes in words: both spellings, levels, headings, what lies above and below a code, search in headings.
-- Callers: analysts, facets and suggestions. Headings are those of logosim.vienna: of categories and divisions from the
--   start, of sections once an office's list is imported (`logosim vienna import`).
-- Cost: microseconds; vienna_search reads all headings, which are some 2,000 at most: milliseconds.

create or replace function logosim._vienna_width(level text) returns integer
language plpgsql immutable parallel safe
set search_path = logosim, public, pg_temp
as $$
begin
  if level in ('category', 'division', 'section') then
    return case level when 'category' then 2 when 'division' then 5 else 8 end;
  end if;
  perform logosim._bad_argument(
    format('There is no level %L', left(level, 40)), 'The levels of the classification are category, division and section');
end
$$;

comment on function logosim._vienna_width(text) is
  'Internal: how many characters a canonical code of a level has: 2, 5 or 8. Raises LS006 if there is no such level';

create or replace function logosim.vienna_short(code text) returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog
as $$
begin
  return regexp_replace(logosim.vienna_code(code), '(^|[.])0(?=[0-9])', '\1', 'g');
end
$$;

comment on function logosim.vienna_short(text) is
  'A Vienna code as the classification prints it, without zeros in front: 26.04.01 -> 26.4.1. Any spelling goes in, as everywhere; logosim.vienna_code gives the one with zeros. Raises LS004 if it is none';

create or replace function logosim.vienna_level(code text) returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog
as $$
begin
  return case length(logosim.vienna_code(code)) when 2 then 'category' when 5 then 'division' else 'section' end;
end
$$;

comment on function logosim.vienna_level(text) is
  'Level of a Vienna code in any spelling: category (26), division (26.4) or section (26.4.1). Raises LS004 if it is none';

create or replace function logosim.vienna_heading(code text) returns text
language plpgsql stable strict parallel safe
set search_path = logosim, public, pg_temp
as $$
declare
  canonical text := logosim.vienna_code(code);
begin
  return (select v.label from logosim.vienna v where v.code = canonical);
end
$$;

comment on function logosim.vienna_heading(text) is
  'What a Vienna code in any spelling stands for; null where no heading is known. Raises LS004 if it is none';

create or replace function logosim.vienna_children(parent text default null) returns table (
    code     text
  , short    text
  , level    text
  , heading  text
)
language plpgsql stable parallel safe
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
declare
  below text := coalesce(logosim.vienna_code(parent) || '.__', '__');
begin
  return query
  select v.code, logosim.vienna_short(v.code), v.level, v.label
    from logosim.vienna v
   where v.code like below
   order by v.code collate "C";
end
$$;

comment on function logosim.vienna_children(text) is
  'Codes right below a Vienna code in any spelling, with their headings, as far as these are known; without a code, the categories. Raises LS004 if it is none';

create or replace function logosim.vienna_ancestors(child text) returns table (
    code     text
  , short    text
  , level    text
  , heading  text
)
language plpgsql stable parallel safe
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
declare
  canonical text := logosim.vienna_code(child);
begin
  return query
  select above.code, logosim.vienna_short(above.code), logosim.vienna_level(above.code), v.label
    from unnest(array[2, 5]) as width
   cross join left(canonical, width) as above (code)
    left join logosim.vienna v on v.code = above.code
   where width < length(canonical)
   order by width;
end
$$;

comment on function logosim.vienna_ancestors(text) is
  'Category and division that a Vienna code in any spelling belongs to, the category first, with their headings; none of a category. Raises LS004 if it is none';

create or replace function logosim.vienna_search(
    words     text
  , at_level  text    default null
  , k         integer default 20
) returns table (
    code        text
  , short       text
  , level       text
  , heading     text
  , above       text
  , similarity  real
)
language plpgsql stable parallel safe
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
declare
  asked    text := logosim.normalise_text(words);
  wanted   integer := case when at_level is not null then logosim._vienna_width(at_level) end;
  lexemes  text[] := tsvector_to_array(to_tsvector('english', asked));
  -- What is a code is looked up with all below it.
  prefix   text := case when words ~ '^ *[0-9]{1,2}([. ][0-9]{1,2}){0,2} *$' then logosim.vienna_code(words) end;
begin
  if (k between 1 and 10000) is not true then
    perform logosim._bad_argument('k must be 1 to 10000');
  end if;
  if asked is null then
    perform logosim._bad_argument(
      format('There is no word in %L', left(words, 40)), 'Say what is shown, such as bird or circles');
  end if;

  -- English word forms are taken together ("birds" finds bird); headings in other languages are found as they are spelt.
  return query
  select found.code, logosim.vienna_short(found.code), found.level, found.label, up.label, found.similarity
    from (select v.code, v.level, v.label
               , case
                   when v.code = prefix or v.code like prefix || '.%' then 1
                   when prefix is not null then 0
                   else greatest(
                          word_similarity(asked, spelt.label)
                        , (select count(*) filter (where said.lexeme = any (lexemes))
                             from unnest(to_tsvector('english', spelt.label)) said)::real
                          / nullif(cardinality(lexemes), 0))
                 end::real as similarity
               , similarity(asked, spelt.label) as whole
            from logosim.vienna v
           cross join lateral logosim.normalise_text(v.label) as spelt (label)
           where wanted is null or length(v.code) = wanted) found
    left join logosim.vienna up
      on up.code = left(found.code, length(found.code) - 3) and length(found.code) > 2
   where found.similarity >= 0.4
   order by found.similarity desc, found.whole desc, found.code collate "C"
   limit k;
end
$$;

comment on function logosim.vienna_search(text, text, integer) is
'The k codes whose headings say something most like the words, at all levels or one: category, division or section.
above: heading of the code it belongs to. similarity: the share of the words that are in the heading, in any English form, or how alike they are spelt (trigrams) where that is more, from 0.4, so that slips of the pen find something too. A code in any spelling finds itself and the codes below it.
Raises LS006 (nothing to search for, no such level).';
