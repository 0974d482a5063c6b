-- Purpose: the vector index of a model is one of mark_look, so that what it finds need not be joined to be filtered.
--   Building it anew takes minutes for hundreds of thousands of marks.

do $$
declare
  registered logosim.model;
begin
  for registered in
    select *
      from logosim.model m
     where to_regclass('logosim.mark_features_hnsw_' || m.model_id) is not null
  loop
    execute format('drop index logosim.%I', 'mark_features_hnsw_' || registered.model_id);
    execute format(
      'create index %I on logosim.mark_look using hnsw ((embedding::public.halfvec(%s)) public.halfvec_cosine_ops) with (m = 24, ef_construction = 256) where model_id = %s'
      , 'mark_look_embedding_' || registered.model_id, registered.dimensions, registered.model_id);
    execute format('comment on index logosim.%I is %L'
      , 'mark_look_embedding_' || registered.model_id, 'Nearest embeddings of model ' || registered.name);
  end loop;
end
$$;

comment on table logosim.mark_features is 'What a model saw in a mark''s picture';

drop function if exists logosim._expected_rows(
  logosim.model, text, integer[], integer[], integer[], integer, integer, text[], boolean, uuid);
