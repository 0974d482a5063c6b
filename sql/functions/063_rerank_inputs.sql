-- Purpose: what stage 2 needs to judge candidates. Callers: logosim/store/search.py. Cost: about 3 kB a mark.

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
  , patches           bytea
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  active_id smallint := (select m.model_id from logosim.model m where m.active);
begin
  return query
  select m.mark_id, m.source, m.file, m.brand_text, m.normalised_text, m.phonemes, m.vienna_codes, m.year::integer
       , m.picture_location, f.patches
    from unnest(mark_ids) with ordinality as wanted (mark_id, place)
    join logosim.mark m on m.mark_id = wanted.mark_id
    left join logosim.mark_features f on f.mark_id = m.mark_id and f.model_id = active_id
   order by wanted.place;
end
$$;

comment on function logosim.rerank_inputs(uuid[]) is
  'Records, names and patch features (of the active model; null where not looked at) of marks, in the order asked for. Unknown ids are left out';
