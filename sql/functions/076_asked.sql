-- Purpose: what is asked about: a stored mark by its id, a picture that is no mark by its handle, or a name alone.
-- Callers: 078_search.sql, 081_explain.sql. Cost: a few rows.

create or replace function logosim._asked(asked uuid) returns table (
    region_number  integer    -- 0: the whole picture
  , brand_text     text
  , phonemes       text
  , by_rule        boolean    -- whether the phonemes were made here, by rule
  , vienna_codes   text[]
  , embeddings     halfvec[]  -- of the whole, then of its separate figures; null: nobody has looked at it
  , patches        bytea[]    -- in the same order
  , exclude        uuid       -- the mark itself
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
declare
  mark        logosim.mark;
  remembered  logosim.query_picture;
begin
  select * into mark from logosim.mark m where m.mark_id = asked;
  if mark.mark_id is not null then
    return query
    select 0, mark.brand_text, mark.phonemes, false, mark.vienna_codes, array[f.embedding], array[f.patches], asked
      from logosim.mark_features f
     where f.mark_id = asked and f.model_id = (logosim._active_model()).model_id;
    if not found and mark.brand_text is null then
      perform logosim._bad_argument(
        format('Nothing is known to compare mark %s by', asked)
        , 'It has no text, and no worker has looked at its picture yet: see logosim.queue_health');
    elsif not found then
      return query
      select 0, mark.brand_text, mark.phonemes, false, mark.vienna_codes, null::halfvec[], null::bytea[], asked;
    end if;
  elsif substr(asked::text, 15, 1) = '4' then  -- a random one, as handles are and ids of marks are not
    remembered := logosim._remembered(asked);
    return query
    select r.region_number::integer, r.brand_text, logosim.phonemes(r.brand_text), true, remembered.vienna_codes
         , array(select f.embedding from logosim.query_region f
                  where f.handle = asked and f.region_number = r.region_number order by f.figure_number)
         , array(select f.patches from logosim.query_region f
                  where f.handle = asked and f.region_number = r.region_number order by f.figure_number)
         , null::uuid
      from logosim.query_region r
     where r.handle = asked and r.figure_number = 0
     order by r.region_number;
    if not found then
      raise exception 'Nobody has looked at the picture with the handle % yet', asked
        using errcode = 'LS007', hint = 'Wait for a worker, or hand the picture in again';
    end if;
  else
    raise exception 'There is no mark %', asked
      using errcode = 'LS001', hint = 'Ids are those of logosim.mark; logosim.mark_id(source, file) computes one';
  end if;
end
$$;

comment on function logosim._asked(uuid) is
  'Internal: what a stored mark, or a picture that is asked about by its handle, is compared by: a row, or one for each region of the picture. Raises LS001 (unknown mark), LS003 (no active model), LS006 (nothing known of the mark), LS007 and LS008 (unknown handle, or of another model)';

create or replace function logosim._asked_name(asked_text text, codes text[]) returns table (
    region_number  integer    -- as of logosim._asked
  , brand_text     text
  , phonemes       text
  , by_rule        boolean
  , vienna_codes   text[]
  , embeddings     halfvec[]
  , patches        bytea[]
  , exclude        uuid
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
begin
  if logosim.normalise_text(asked_text) is null then
    perform logosim._bad_argument(
      format('There is nothing to compare in %L', left(asked_text, 40)), 'Give a name in letters or digits');
  end if;
  return query
  select 0, asked_text, logosim.phonemes(asked_text), true, coalesce(logosim._vienna_codes(codes), '{}'), null::halfvec[]
       , null::bytea[], null::uuid;
end
$$;

comment on function logosim._asked_name(text, text[]) is
  'Internal: what a name that is no mark is compared by, as of logosim._asked. Raises LS004 (bad Vienna code), LS006 (nothing to compare)';
