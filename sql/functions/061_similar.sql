-- Purpose: stage 1 for a mark that is stored already. Callers: analysts. Cost: as logosim.candidates.

create or replace function logosim.similar(
    mark        uuid
  , vienna_any  text[]  default null
  , vienna_all  text[]  default null
  , year_from   integer default null
  , year_to     integer default null
  , sources     text[]  default null
  , has_text    boolean default null
  , k           integer default 20
  , exact       boolean default false
  , vienna_none text[]  default null
  , model       text    default null
) returns table (
    mark_id              uuid
  , found_by             text[]
  , best                 real
  , look_distance        real
  , spelling_similarity  real
  , sound_similarity     real
  , brand_text           text
  , file                 text
  , source               text
  , year                 integer
  , vienna_codes         text[]
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
declare
  asked      logosim.mark;
  embedding  halfvec;
begin
  if (k between 1 and 10000) is not true then
    perform logosim._bad_argument('k must be 1 to 10000');
  end if;
  select * into asked from logosim.mark m where m.mark_id = mark;
  if asked.mark_id is null then
    raise exception 'There is no mark %', mark
      using errcode = 'LS001', hint = 'Ids are those of logosim.mark; logosim.mark_id(source, file) computes one. With the handle of a picture ask logosim.search or logosim.similar_to';
  end if;
  select f.embedding into embedding
    from logosim.mark_features f
   where f.mark_id = mark and f.model_id = (logosim._model_named(model)).model_id;
  if embedding is null and asked.brand_text is null then
    perform logosim._bad_argument(
      format('Nothing is known to compare mark %s by', mark),
      'It has no text, and no worker has looked at its picture yet: see logosim.queue_health');
  end if;

  return query
  select s.mark_id, s.found_by
       , greatest(1 - s.look_distance, s.spelling_similarity, s.sound_similarity)::real as best
       , s.look_distance, s.spelling_similarity, s.sound_similarity
       , s.brand_text, s.file, s.source, s.year, s.vienna_codes
    from logosim.candidates(
           query_embedding => embedding
         , query_text => asked.brand_text
         , query_phonemes => coalesce(asked.phonemes, '')
         , vienna_any => vienna_any
         , vienna_all => vienna_all
         , year_from => year_from
         , year_to => year_to
         , sources => sources
         , has_text => has_text
         , exclude => mark
         , candidates => greatest(k, 200)
         , name_candidates => greatest(k, 200)
         , exact => exact
         , vienna_none => vienna_none
         , model => model) s
   order by 3 desc, s.mark_id
   limit k;
end
$$;

comment on function logosim.similar(uuid, text[], text[], integer, integer, text[], boolean, integer, boolean, text[], text) is
  'The k marks nearest to a stored one by look, spelling or sound, itself left out. best: the largest of cosine similarity, spelling and sound. Filters and model as in logosim.candidates. Raises LS001 if there is no such mark';
