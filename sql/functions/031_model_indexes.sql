-- Purpose: the indexes of each model: which there are to be, whether they are, and how they are made and dropped. The one
--   place that knows; 030_models.sql, 032_model_versions.sql and logosim/store/model_indexes.py use it.
-- Callers: logosim.register_model, logosim models backfill|drop, as the owner.
-- Cost: making an HNSW index takes minutes where there are many features: logosim models backfill does it beside running
--   searches and workers, with statements that cannot stand in a function.

create or replace function logosim._model_indexes(model_id smallint) returns table (
    index_name         text
  , state              text
  , create_statement   text
  , drop_statement     text
  , purpose            text
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
declare
  of_model  logosim.model;
begin
  select * into of_model from logosim.model m where m.model_id = _model_indexes.model_id;
  if of_model.model_id is null then
    return;
  end if;
  return query
  select wanted.name
       , case when i.indexrelid is null then 'missing' when i.indisvalid and i.indisready then 'ready' else 'invalid' end
       , format('create index concurrently %I on %s where model_id = %s', wanted.name, wanted.definition, of_model.model_id)
       , format('drop index concurrently if exists logosim.%I', wanted.name)
       , wanted.purpose || ' of model ' || of_model.name
    from (values ('mark_look_embedding_' || of_model.model_id
                , format(
                    'logosim.mark_look using hnsw ((embedding::public.halfvec(%s)) public.halfvec_cosine_ops)'
                    ' with (m = 24, ef_construction = 256)'
                    , of_model.dimensions)
                , 'Nearest embeddings')
               , ('mark_look_vienna_' || of_model.model_id
                , 'logosim.mark_look using gin (vienna_numbers)'
                , 'Marks by Vienna key,')
               , ('mark_look_facts_' || of_model.model_id
                , 'logosim.mark_look (source, has_text, year)'
                , 'Marks by source, text and year,'))
         as wanted (name, definition, purpose)
    left join pg_index i on i.indexrelid = to_regclass(format('logosim.%I', wanted.name));
end
$$;

comment on function logosim._model_indexes(smallint) is
  'Internal: the indexes that a model is to have, whether each is ready, invalid (its making was broken off) or missing, and the statements that make and drop it beside running searches. The one place that knows which indexes there are';

create or replace function logosim._model_is_indexed(model_id smallint) returns boolean
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
begin
  return (select coalesce(bool_and(i.state = 'ready'), false) from logosim._model_indexes(model_id) i);
end
$$;

comment on function logosim._model_is_indexed(smallint) is 'Internal: whether all indexes of a model can be used';

create or replace function logosim._make_model_indexes(model_id smallint) returns void
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
declare
  wanted  record;
begin
  for wanted in select * from logosim._model_indexes(model_id) loop
    if wanted.state = 'invalid' then
      execute replace(wanted.drop_statement, ' concurrently', '');
    end if;
    if wanted.state <> 'ready' then
      execute replace(wanted.create_statement, ' concurrently', '');
    end if;
    execute format('comment on index logosim.%I is %L', wanted.index_name, wanted.purpose);
  end loop;
end
$$;

comment on function logosim._make_model_indexes(smallint) is
  'Internal: make the indexes of a model that are missing or invalid, and comment on all. Writing waits meanwhile: where there are features already, logosim models backfill makes them beside running work';

create or replace function logosim._drop_model_indexes(model_id smallint) returns void
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
declare
  present  record;
begin
  for present in select * from logosim._model_indexes(model_id) i where i.state <> 'missing' loop
    execute replace(present.drop_statement, ' concurrently', '');
  end loop;
end
$$;

comment on function logosim._drop_model_indexes(smallint) is
  'Internal: drop the indexes of a model. Searches wait meanwhile, for a moment: logosim models drop does it beside them';
