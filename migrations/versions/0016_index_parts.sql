-- Purpose: the vector index of a model is two, each of half of the marks, for two processes to follow. Building them anew takes
--   minutes for hundreds of thousands of marks. Those of frequent divisions give way to those of frequent categories, which
--   `logosim models backfill` makes.

do $$
declare
  made  record;
begin
  for made in
    select m.name, m.dimensions, m.model_id, p.part, p.condition
      from logosim.model m
     cross join (values (1, 'mark_id < ''80000000-0000-0000-0000-000000000000''')
                      , (2, 'mark_id >= ''80000000-0000-0000-0000-000000000000''')) as p (part, condition)
     where to_regclass('logosim.mark_look_embedding_' || m.model_id) is not null
  loop
    execute format(
      'create index if not exists %I on logosim.mark_look using hnsw ((embedding::public.halfvec(%s)) public.halfvec_cosine_ops) with (m = 24, ef_construction = 256) where model_id = %s and %s'
      , format('mark_look_embedding_%s_%s', made.model_id, made.part), made.dimensions, made.model_id, made.condition);
    execute format('comment on index logosim.%I is %L'
      , format('mark_look_embedding_%s_%s', made.model_id, made.part)
      , format('Nearest embeddings, part %s, of model %s', made.part, made.name));
  end loop;
  for made in
    select i.indexname
      from pg_indexes i
     where i.schemaname = 'logosim' and i.indexname ~ '^mark_look_(embedding|division_[0-9]+)_[0-9]+$'
  loop
    execute format('drop index logosim.%I', made.indexname);
  end loop;
end
$$;

-- They are of divisions, or take which embeddings are asked about.
drop function if exists logosim._division_index_name(smallint, integer);
drop function if exists logosim._division_indexed(smallint, integer[], integer[]);
drop function if exists logosim._frequent_divisions(smallint);
drop function if exists logosim._model_indexes(smallint, integer[]);
drop function if exists logosim._look_along_index(
  logosim.model, public.halfvec, integer, integer, double precision, text, integer[], integer[], integer[], integer, integer, text[], uuid);
drop function if exists logosim._look_coarsely(
  logosim.model, public.halfvec[], integer[], text, integer[], integer[], integer[], integer, integer, text[], uuid);
drop function if exists logosim._look_exactly(
  logosim.model, public.halfvec[], integer[], text, integer[], integer[], integer[], integer, integer, text[], uuid, boolean, boolean);
