-- Purpose: how alike pictures and stored marks look, to compare just these. Callers: analysts (look_distance),
-- logosim/store/search.py (look_distances). Cost: one row a mark.

create or replace function logosim.look_distance(query_embedding halfvec, mark uuid) returns real
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
begin
  return (
    select (f.embedding <=> query_embedding)::real
      from logosim.mark_features f
     where f.mark_id = mark and f.model_id = (logosim._model_of(query_embedding)).model_id);
end
$$;

comment on function logosim.look_distance(halfvec, uuid) is
  'Cosine distance 0..2 of an embedding made with the active model and a stored mark, equal to look_distance of logosim.candidates; null where no worker has looked at the mark. Raises LS002 (wrong dimensions) and LS003 (no active model)';

create or replace function logosim.look_distances(query_embeddings halfvec[], marks uuid[]) returns table (
    mark_id    uuid
  , distances  real[]
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
declare
  asked  integer := (select count(distinct (logosim._model_of(e)).model_id) from unnest(query_embeddings) as e);
begin
  if asked = 0 then
    return;
  end if;
  return query
  select f.mark_id
       , array(select (f.embedding <=> e.embedding)::real
                 from unnest(query_embeddings) with ordinality as e (embedding, place)
                order by e.place)
    from logosim.mark_features f
   where f.mark_id = any (marks) and f.model_id = (logosim._model_of(query_embeddings[1])).model_id;
end
$$;

comment on function logosim.look_distances(halfvec[], uuid[]) is
  'Cosine distances 0..2 of several embeddings made with the active model and stored marks: a row for each mark that a worker has looked at, with a distance for each embedding. Raises LS002 (wrong dimensions) and LS003 (no active model)';
