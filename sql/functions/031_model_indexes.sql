-- Purpose: the indexes of each model: which there are to be, whether they are, and how they are made and dropped. The one
--   place that knows; 030_models.sql, 032_model_versions.sql and logosim/store/model_indexes.py use it.
-- Categories. Filters often ask for one Vienna code, and a few categories are carried by most marks. Each of these has a
--   vector index of its marks alone, which is followed where what passes is in the category: nearly as fast as that of all
--   marks is without a filter. Whether it is there decides how long a search takes, and nothing else.
-- Parts. Each vector index is two, of about half of the marks each: two processes follow one each, in little more than half
--   of the time, and where there is but one process it follows both. Which half a mark is in its id says, a hash.
-- Callers: logosim.register_model, logosim models backfill|drop, as the owner.
-- Cost: making an HNSW index takes minutes where there are many features: logosim models backfill does it beside running
--   searches and workers, with statements that cannot stand in a function.

create or replace function logosim._frequent_categories(model_id smallint) returns integer[]
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  marks  constant bigint := (select count(*) from logosim.mark_look l where l.model_id = _frequent_categories.model_id);
  least  constant bigint := coalesce(nullif(current_setting('logosim.category_rows', true), '')::bigint, 50000);
begin
  return array(
    select n.number
      from logosim.mark_look l
     cross join unnest(l.vienna_numbers) as n (number)
     where l.model_id = _frequent_categories.model_id and n.number between 100 and 199
     group by n.number
    having count(*) >= greatest(least, marks / 10.0)
     order by n.number);
end
$$;

comment on function logosim._frequent_categories(smallint) is
  'Internal: the Vienna categories, as numbers, that at least one in ten of the marks carries that a model has seen, and at least so many as setting logosim.category_rows says, by default 50000: those that are to have a vector index of their own. Reads all marks';

create or replace function logosim._index_parts() returns table (
    part       integer
  , condition  text
)
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  values (1, 'mark_id < ''80000000-0000-0000-0000-000000000000''')
       , (2, 'mark_id >= ''80000000-0000-0000-0000-000000000000''')
$$;

comment on function logosim._index_parts() is
  'Internal: the parts of each vector index, and which rows of mark_look are in each, as a condition';

create or replace function logosim._vector_index(dimensions integer) returns text
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  select format(
    'using hnsw ((embedding::public.halfvec(%s)) public.halfvec_cosine_ops) with (m = 24, ef_construction = 256)'
  , dimensions)
$$;

comment on function logosim._vector_index(integer) is
  'Internal: what vector indexes of embeddings with so many dimensions are like, as part of a statement that makes one';

create or replace function logosim._vector_index_name(model_id smallint, category integer, part integer) returns text
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  select case
    when category is null then format('mark_look_embedding_%s_%s', model_id, part)
    else format('mark_look_category_%s_%s_%s', model_id, category, part)
  end
$$;

comment on function logosim._vector_index_name(smallint, integer, integer) is
  'Internal: the name of a part of the vector index of the marks of a Vienna category, given as a number; null: of all marks';

create or replace function logosim._category_indexed(model_id smallint, any_numbers integer[], all_numbers integer[])
returns integer
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
begin
  return (
    select c.category
      from (select min(o.category)
              from (select left(n::text, 3)::integer from unnest(any_numbers) as n) as o (category)
            having min(o.category) = max(o.category)
             union
            select left(n::text, 3)::integer from unnest(all_numbers) as n) as c (category)
     cross join logosim._index_parts() p
      left join pg_index x
        on x.indexrelid = to_regclass('logosim.' || logosim._vector_index_name(model_id, c.category, p.part))
       and x.indisvalid
       and x.indisready
      left join pg_class i on i.oid = x.indexrelid
     group by c.category
    having count(*) = count(x.indexrelid)
     order by sum(i.reltuples), c.category
     limit 1);
end
$$;

comment on function logosim._category_indexed(smallint, integer[], integer[]) is
  'Internal: of the Vienna categories that whatever passes a filter is in, the rarest that has a vector index of its own; null: none. The filter: any of some numbers, and all of others';

create or replace function logosim._model_indexes(model_id smallint, categories integer[] default '{}') returns table (
    index_name         text
  , state              text
  , create_statement   text
  , drop_statement     text
  , purpose            text
  , is_needed          boolean
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
       , format(
           'create index concurrently %I on logosim.mark_look %s where %s'
         , wanted.name, wanted.definition, concat_ws(' and ', 'model_id = ' || of_model.model_id, wanted.condition))
       , format('drop index concurrently if exists logosim.%I', wanted.name)
       , wanted.purpose || ' of model ' || of_model.name
       , wanted.is_needed
    from (values ('mark_look_vienna_' || of_model.model_id, 'using gin (vienna_numbers)', null, 'Marks by Vienna key,', true)
               , ('mark_look_facts_' || of_model.model_id, '(source, has_text, year)', null
                , 'Marks by source, text and year,', true)
          union all
          select logosim._vector_index_name(of_model.model_id, c.category, p.part)
               , logosim._vector_index(of_model.dimensions)
               , concat_ws(' and ', 'vienna_numbers operator(pg_catalog.@>) array[' || c.category || ']', p.condition)
               , concat('Nearest embeddings'
                      , ' of category ' || substr(c.category::text, 2)
                      , ', part ', p.part, ',')
               , c.category is null
            from (select null::integer
                  union
                  select unnest(categories)
                  union
                  select substring(i.relname from '_([0-9]+)_[0-9]+$')::integer
                    from pg_index x
                    join pg_class i on i.oid = x.indexrelid
                   where categories is not null
                     and x.indrelid = 'logosim.mark_look'::regclass
                     and starts_with(i.relname, format('mark_look_category_%s_', of_model.model_id))) as c (category)
           cross join logosim._index_parts() p)
         as wanted (name, definition, condition, purpose, is_needed)
    left join pg_index i on i.indexrelid = to_regclass(format('logosim.%I', wanted.name))
   order by not wanted.is_needed, wanted.name;
end
$$;

comment on function logosim._model_indexes(smallint, integer[]) is
  'Internal: the indexes that a model is to have, and those of categories that are given or there, whether each is ready, invalid (its making was broken off) or missing, the statements that make and drop it beside running searches, and whether the model is ready without it; categories null: those alone that it needs. The one place that knows which indexes there are';

create or replace function logosim._model_is_indexed(model_id smallint) returns boolean
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
begin
  return (select coalesce(bool_and(i.state = 'ready'), false) from logosim._model_indexes(model_id, null) i);
end
$$;

comment on function logosim._model_is_indexed(smallint) is 'Internal: whether all indexes that a model needs can be used';

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
  'Internal: make the indexes that a model needs and that are missing or invalid, and comment on all. Writing waits meanwhile: where there are features already, logosim models backfill makes them beside running work';

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
