-- Purpose: how alike a picture and one stored mark look, to compare just these two. Callers: logosim/store/search.py,
-- analysts. Cost: one row.

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
  'Cosine distance 0..2 of an embedding made with the active model and a stored mark, equal to look_distance of logosim.search; null where no worker has looked at the mark. Raises LS002 (wrong dimensions) and LS003 (no active model)';
