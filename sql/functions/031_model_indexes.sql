-- Purpose: the indexes of each model: which there are to be, whether they are, and how they are made and dropped. The one
--   place that knows; 030_models.sql, 032_model_versions.sql and logosim/store/model_indexes.py use it.
-- Divisions. Filters often ask for one Vienna division, and a few divisions are carried by most marks. Each of these has a
--   vector index of its marks alone, which is followed as that of all marks is without a filter. Whether it is there
--   decides how long a search takes, and nothing else.
-- Callers: logosim.register_model, logosim models backfill|drop, as the owner.
-- Cost: making an HNSW index takes minutes where there are many features: logosim models backfill does it beside running
--   searches and workers, with statements that cannot stand in a function.

create or replace function logosim._frequent_divisions(model_id smallint) returns integer[]
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  marks  constant bigint := (select count(*) from logosim.mark_look l where l.model_id = _frequent_divisions.model_id);
  least  constant bigint := coalesce(nullif(current_setting('logosim.division_rows', true), '')::bigint, 50000);
begin
  return array(
    select n.number
      from logosim.mark_look l
     cross join unnest(l.vienna_numbers) as n (number)
     where l.model_id = _frequent_divisions.model_id and n.number between 10000 and 19999
     group by n.number
    having count(*) >= greatest(least, marks / 12.0)
     order by n.number);
end
$$;

comment on function logosim._frequent_divisions(smallint) is
  'Internal: the Vienna divisions, as numbers, that at least one in twelve of the marks carries that a model has seen, and at least so many as setting logosim.division_rows says, by default 50000: those that are to have a vector index of their own. Reads all marks';

create or replace function logosim._division_index_name(model_id smallint, division integer) returns text
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  select concat('mark_look_division_', model_id, '_', division)
$$;

comment on function logosim._division_index_name(smallint, integer) is
  'Internal: the name of the vector index of the marks of a Vienna division, given as a number; null: the beginning of all such names';

create or replace function logosim._division_indexed(model_id smallint, any_numbers integer[], all_numbers integer[])
returns integer
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
begin
  return (
    select d.division
      from (select min(o.division)
              from (select case when n < 100000 then n else n / 100 end from unnest(any_numbers) as n) as o (division)
            having min(o.division) = max(o.division)
             union
            select case when n < 100000 then n else n / 100 end from unnest(all_numbers) as n) as d (division)
      join pg_index x
        on x.indexrelid = to_regclass('logosim.' || logosim._division_index_name(model_id, d.division))
       and x.indisvalid
       and x.indisready
      join pg_class c on c.oid = x.indexrelid
     order by c.reltuples, d.division
     limit 1);
end
$$;

comment on function logosim._division_indexed(smallint, integer[], integer[]) is
  'Internal: of the Vienna divisions that whatever passes a filter is in, the rarest that has a vector index of its own; null: none. The filter: any of some numbers, and all of others';

create or replace function logosim._model_indexes(model_id smallint, divisions integer[] default '{}') returns table (
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
  vectors   text;
begin
  select * into of_model from logosim.model m where m.model_id = _model_indexes.model_id;
  if of_model.model_id is null then
    return;
  end if;
  vectors := format(
    'logosim.mark_look using hnsw ((embedding::public.halfvec(%s)) public.halfvec_cosine_ops)'
    ' with (m = 24, ef_construction = 256)'
  , of_model.dimensions);
  return query
  select wanted.name
       , case when i.indexrelid is null then 'missing' when i.indisvalid and i.indisready then 'ready' else 'invalid' end
       , format(
           'create index concurrently %I on %s where model_id = %s%s'
         , wanted.name, wanted.definition, of_model.model_id
         , ' and vienna_numbers operator(pg_catalog.@>) array[' || wanted.division || ']')
       , format('drop index concurrently if exists logosim.%I', wanted.name)
       , wanted.purpose || ' of model ' || of_model.name
       , wanted.division is null
    from (values ('mark_look_embedding_' || of_model.model_id, vectors, 'Nearest embeddings', null::integer)
               , ('mark_look_vienna_' || of_model.model_id
                , 'logosim.mark_look using gin (vienna_numbers)'
                , 'Marks by Vienna key,'
                , null)
               , ('mark_look_facts_' || of_model.model_id
                , 'logosim.mark_look (source, has_text, year)'
                , 'Marks by source, text and year,'
                , null)
          union all
          select logosim._division_index_name(of_model.model_id, d.division), vectors
               , format('Nearest embeddings of division %s', substr(d.division::text, 2, 2) || '.' || substr(d.division::text, 4))
               , d.division
            from (select unnest(divisions)
                  union
                  select substring(c.relname from '_([0-9]+)$')::integer
                    from pg_index x
                    join pg_class c on c.oid = x.indexrelid
                   where x.indrelid = 'logosim.mark_look'::regclass
                     and starts_with(c.relname, logosim._division_index_name(of_model.model_id, null))) as d (division))
         as wanted (name, definition, purpose, division)
    left join pg_index i on i.indexrelid = to_regclass(format('logosim.%I', wanted.name));
end
$$;

comment on function logosim._model_indexes(smallint, integer[]) is
  'Internal: the indexes that a model is to have, and those of divisions that are given or there, whether each is ready, invalid (its making was broken off) or missing, the statements that make and drop it beside running searches, and whether the model is ready without it. The one place that knows which indexes there are';

create or replace function logosim._model_is_indexed(model_id smallint) returns boolean
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
begin
  return (select coalesce(bool_and(i.state = 'ready'), false) from logosim._model_indexes(model_id) i where i.is_needed);
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
