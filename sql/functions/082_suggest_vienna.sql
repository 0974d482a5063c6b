-- Purpose: which Vienna codes a picture probably carries: those of the stored marks that look most like it.
-- Callers: analysts, `logosim evaluate vienna`, which measures it. Cost: one search of the vector index for a mark, one
--   for each region of a kept picture; milliseconds.

create or replace function logosim._looks_of(asked uuid) returns table (embedding halfvec)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
begin
  if exists (select from logosim.mark m where m.mark_id = asked) then
    return query
    select f.embedding
      from logosim.mark_features f
     where f.mark_id = asked and f.model_id = (logosim._active_model()).model_id;
    if not found then
      perform logosim._bad_argument(
        format('No worker has looked at the picture of mark %s yet', asked), 'See logosim.queue_health');
    end if;
  elsif exists (select from logosim.query_picture q where q.handle = asked) then
    return query
    select r.embedding
      from logosim.query_region r
     where r.handle = (logosim._remembered(asked)).handle and r.figure_number = 0;
  else
    raise exception 'There is no mark % and no kept picture with this handle', asked
      using errcode = 'LS001'
          , hint = 'Ids are those of logosim.mark, or handles of logosim.query_picture; logosim.mark_id(source, file) computes an id';
  end if;
end
$$;

comment on function logosim._looks_of(uuid) is
  'Internal: embeddings of a mark, or of the regions of a kept picture. Raises LS001 (neither), LS003 (no active model), LS006 (not looked at yet), LS007 (expired handle), LS008 (handle of another model)';

create or replace function logosim.suggest_vienna(
    asked       uuid
  , k           integer default 10
  , level       text    default 'section'
  , neighbours  integer default 20
) returns table (
    code      text
  , heading   text
  , weight    real
  , carriers  integer
  , nearest   uuid
)
language plpgsql stable
set search_path = logosim, public, pg_temp
set jit = off
as $$
#variable_conflict use_column
declare
  model     logosim.model := logosim._active_model();
  width     integer := logosim._vienna_width(level);
  looks     halfvec[] := array(select l.embedding from logosim._looks_of(asked) l);
  sharpness constant double precision := 10;  -- of 1 to 24 the best by logosim evaluate vienna, and no sharp choice
begin
  if (k between 1 and 10000) is not true then
    perform logosim._bad_argument('k must be 1 to 10000');
  end if;
  if (neighbours between 1 and 1000) is not true then
    perform logosim._bad_argument('neighbours must be 1 to 1000');
  end if;

  return query
  with looked_at as (
    -- More than are wanted, for some carry no code of this level.
    select n.mark_id, min(n.look_distance) as look_distance
      from unnest(looks) as l (embedding)
     cross join lateral logosim._nearest_looks(model, l.embedding, 2 * neighbours + 20) n
     where n.mark_id <> asked
     group by n.mark_id
  )
  , coded as materialized (
    select n.mark_id, n.look_distance, m.vienna_keys
         , greatest(1 - n.look_distance, 0.001)::double precision ^ sharpness as weight
      from looked_at n
      join logosim.mark m on m.mark_id = n.mark_id
     where exists (select from unnest(m.vienna_keys) as key where length(key) = width)
     order by n.look_distance, n.mark_id
     limit neighbours
  )
  select c.code, v.label, c.weight, c.carriers, c.nearest
    from (select key as code
               , (sum(n.weight) / (select sum(every.weight) from coded every))::real as weight
               , count(*)::integer as carriers
               , (array_agg(n.mark_id order by n.look_distance, n.mark_id))[1] as nearest
            from coded n
           cross join unnest(n.vienna_keys) as key
           where length(key) = width
           group by key) c
    left join logosim.vienna v on v.code = c.code
   order by c.weight desc, c.code collate "C"
   limit k;
end
$$;

comment on function logosim.suggest_vienna(uuid, integer, text, integer) is
'The k Vienna codes that a stored mark, or a picture kept under a handle, most probably carries, by the marks that look most like it: a nearest-neighbour classifier. Its own codes are not looked at.
weight: what share of the neighbours carries the code, 0..1, each neighbour weighing its cosine similarity to the power of 10. carriers: how many of the neighbours do. nearest: the one of them that looks most alike. level: category, division or section. neighbours: how many marks with a code of that level are asked. A code that no neighbour carries is not suggested.
Offices record codes incompletely, and a suggestion is no better than those of the register; `logosim evaluate vienna` measures it on yours.
Raises LS001 (neither mark nor handle), LS003 (no active model), LS006 (bad argument, or nobody has looked at the mark yet), LS007 (expired handle), LS008 (handle of another model).';
