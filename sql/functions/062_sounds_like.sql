-- Purpose: marks whose names are spelt or sound like a text. Callers: analysts. Cost: as logosim.candidates by name.

create or replace function logosim.sounds_like(
    text        text
  , vienna_any  text[]  default null
  , vienna_all  text[]  default null
  , year_from   integer default null
  , year_to     integer default null
  , sources     text[]  default null
  , k           integer default 20
  , vienna_none text[]  default null
) returns table (
    mark_id              uuid
  , brand_text           text
  , best                 real
  , spelling_similarity  real
  , sound_similarity     real
  , file                 text
  , source               text
  , year                 integer
  , vienna_codes         text[]
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
begin
  if (k between 1 and 10000) is not true then
    perform logosim._bad_argument('k must be 1 to 10000');
  end if;
  if logosim.normalise_text(text) is null then
    perform logosim._bad_argument(format('There is nothing to pronounce in %L', left(text, 40)), 'Give a name in letters');
  end if;
  return query
  select s.mark_id, s.brand_text
       , greatest(s.spelling_similarity, s.sound_similarity) as best
       , s.spelling_similarity, s.sound_similarity, s.file, s.source, s.year, s.vienna_codes
    from logosim.candidates(
           query_text => sounds_like.text
         , vienna_any => sounds_like.vienna_any
         , vienna_all => sounds_like.vienna_all
         , year_from => sounds_like.year_from
         , year_to => sounds_like.year_to
         , sources => sounds_like.sources
         , name_candidates => greatest(k, 200)
         , vienna_none => sounds_like.vienna_none) s
   order by 3 desc nulls last, s.mark_id
   limit k;
end
$$;

comment on function logosim.sounds_like(text, text[], text[], integer, integer, text[], integer, text[]) is
  'The k marks whose names are spelt or pronounced most like a text, as far as they have more in common with it than chance gives (a fifth, by one measure or the other) or a distinctive word. best: the larger of its similarity in spelling (trigrams) and in sound (pairs and triples of sounds in classes). It pronounces by rule: raises LS009 where the stored names are pronounced by another engine (logosim text asks by it). Filters as in logosim.candidates';
