-- Purpose: one engine for all stored pronunciations, and going over to another. SQL pronounces by rule (logosim.phonemes);
--   other engines live in clients, which bring the sounds along.
-- Callers: merge_marks, the searches, logosim/store/pronunciation.py.
-- Cost: one row; pronounce_marks is an update of the marks it is given.

create or replace function logosim.require_pronunciation(
    engine       text
  , going_over   boolean default false
) returns void
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  stored logosim.pronunciation;
begin
  select * into stored from logosim.pronunciation;
  if stored.engine <> require_pronunciation.engine then
    raise exception 'Names are stored as pronounced by %, and here by %: the two cannot be compared'
      , stored.engine, require_pronunciation.engine
      using errcode = 'LS009'
          , hint = 'Set LOGOSIM_PRONUNCIATION to the engine of the database, or go over with `logosim db pronounce --engine '
                   || split_part(require_pronunciation.engine, ' ', 1) || '`. In SQL, logosim.candidates takes sounds made by '
                   'that engine as query_phonemes; with an empty text it goes by spelling alone';
  end if;
  if not stored.complete and not going_over then
    raise exception 'The stored names are yet to be pronounced anew by %: sounds cannot be compared until that is done'
      , stored.engine
      using errcode = 'LS009'
          , hint = 'Run `logosim db pronounce --engine ' || split_part(stored.engine, ' ', 1)
                   || '`; if it was broken off it goes on where it was';
  end if;
end
$$;

comment on function logosim.require_pronunciation(text, boolean) is
  'Returns if sounds made by this engine (null: any) may be compared with those stored; with going_over, if they may be stored. Raises LS009 otherwise';

create or replace function logosim.begin_pronouncing(engine text) returns boolean
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
declare
  stored logosim.pronunciation;
begin
  -- merge_marks shares a lock on the row: what it stores by the former engine is there before the first mark is gone over.
  select * into stored from logosim.pronunciation for update;
  if stored.engine <> begin_pronouncing.engine then
    update logosim.pronunciation p
       set engine = begin_pronouncing.engine, complete = false, reached = null, changed_at = now();
    return true;
  end if;
  return not stored.complete;
end
$$;

comment on function logosim.begin_pronouncing(text) is
  'Go over to an engine, or go on where that was broken off. Returns false if all names are pronounced by it already';

create or replace function logosim.unpronounced(batch integer) returns table (
    mark_id     uuid
  , brand_text  text
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
begin
  return query
  select m.mark_id, m.brand_text
    from logosim.mark m
   where m.brand_text is not null
     and m.mark_id > coalesce((select p.reached from logosim.pronunciation p), '00000000-0000-0000-0000-000000000000')
   order by m.mark_id
   limit batch;
end
$$;

comment on function logosim.unpronounced(integer) is 'The next marks to go over, in order of their ids';

create or replace function logosim.pronounce_marks(engine text, mark_ids uuid[], brand_texts text[], phonemes text[])
returns integer
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
declare
  renewed integer;
begin
  perform from logosim.pronunciation p for update;
  perform logosim.require_pronunciation(pronounce_marks.engine, going_over => true);
  perform logosim._lock_marks(mark_ids);

  -- A mark whose text changed meanwhile was pronounced by this engine when it was merged.
  update logosim.mark m
     set phonemes = g.phonemes
    from unnest(mark_ids, brand_texts, pronounce_marks.phonemes) as g (mark_id, brand_text, phonemes)
   where m.mark_id = g.mark_id and m.brand_text = g.brand_text and m.phonemes is distinct from g.phonemes;
  get diagnostics renewed = row_count;

  -- Two that go over at once do the same; neither takes the other back.
  update logosim.pronunciation p
     set complete = p.complete or cardinality(mark_ids) = 0
       , reached = case when cardinality(mark_ids) > 0 and not p.complete
                     then greatest(p.reached, mark_ids[cardinality(mark_ids)]) end
       , changed_at = now();
  return renewed;
end
$$;

comment on function logosim.pronounce_marks(text, uuid[], text[], text[]) is
  'Store pronunciations of the marks that logosim.unpronounced gave, in its order; none: all are done. Returns how many changed. Raises LS009 if another engine is being gone over to meanwhile';
