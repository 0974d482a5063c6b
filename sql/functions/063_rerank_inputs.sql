-- Purpose: what stage 2 needs to judge candidates: their records at once, their patches (3 kB a mark, out of line) only
--   of those whose shape can matter. Callers: logosim/store/snapshot.py. Cost: 1,000 marks are in BENCHMARKS.md.

create or replace function logosim.rerank_inputs(mark_ids uuid[]) returns table (
    mark_id           uuid
  , source            text
  , file              text
  , brand_text        text
  , normalised_text   text
  , phonemes          text
  , vienna_codes      text[]
  , year              integer
  , picture_location  text
  , blank             boolean
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  active_id smallint := (select m.model_id from logosim.model m where m.active);
begin
  return query
  select m.mark_id, m.source, m.file, m.brand_text, m.normalised_text, m.phonemes, m.vienna_codes, m.year::integer
       , m.picture_location, f.blank
    from unnest(mark_ids) with ordinality as wanted (mark_id, place)
    join logosim.mark m on m.mark_id = wanted.mark_id
    left join logosim.mark_features f on f.mark_id = m.mark_id and f.model_id = active_id
   order by wanted.place;
end
$$;

comment on function logosim.rerank_inputs(uuid[]) is
  'Records and names of marks, in the order asked for, and whether a picture shows nothing but lettering (by the active model; null where not looked at). Unknown ids are left out';

create or replace function logosim.patches_of(mark_ids uuid[]) returns table (
    mark_id  uuid
  , patches  bytea
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  active_id smallint := (select m.model_id from logosim.model m where m.active);
begin
  return query
  select f.mark_id, f.patches
    from unnest(mark_ids) with ordinality as wanted (mark_id, place)
    join logosim.mark_features f on f.mark_id = wanted.mark_id and f.model_id = active_id
   order by wanted.place;
end
$$;

comment on function logosim.patches_of(uuid[]) is
  'Patch vectors of marks as the active model saw them, in the order asked for: int8 [grid, grid, dimensions] row by row. Marks not looked at and unknown ids are left out';
