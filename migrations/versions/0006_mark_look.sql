-- Nobody may write what is copied until the triggers are there, which is in this transaction too.
lock table logosim.mark, logosim.mark_features in share row exclusive mode;

create table logosim.mark_look (
    model_id        smallint       not null
  , has_text        boolean        not null
  , year            smallint
  , mark_id         uuid           not null
  , embedding       public.halfvec not null
  , source          text           not null
  , vienna_numbers  integer[]      not null
);

comment on table logosim.mark_look is 'What searches by look read: embeddings of mark_features beside what filters ask about, so that a filtered comparison needs no join; triggers keep it in step. Three indexes per model, made by logosim._make_model_indexes';
comment on column logosim.mark_look.model_id is 'As in mark_features';
comment on column logosim.mark_look.has_text is 'Whether the mark has a brand text';
comment on column logosim.mark_look.year is 'As in mark';
comment on column logosim.mark_look.mark_id is 'As in mark_features';
comment on column logosim.mark_look.embedding is 'As in mark_features';
comment on column logosim.mark_look.source is 'As in mark';
comment on column logosim.mark_look.vienna_numbers is 'Vienna keys of the mark as numbers, by logosim._vienna_numbers: 1 and their digits';

-- As sql/functions/033_mark_look.sql has it, which is applied after the revisions.
create or replace function logosim._vienna_numbers(codes text[]) returns integer[]
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  select array_agg(('1' || replace(code, '.', ''))::integer order by place)
    from unnest(codes) with ordinality as given (code, place)
$$;

insert into logosim.mark_look (model_id, has_text, year, mark_id, embedding, source, vienna_numbers)
select f.model_id, m.brand_text is not null, m.year, f.mark_id, f.embedding, m.source
     , coalesce(logosim._vienna_numbers(m.vienna_keys), '{}')
  from logosim.mark_features f
  join logosim.mark m on m.mark_id = f.mark_id;

alter table logosim.mark_look
  add constraint mark_look_pkey primary key (model_id, mark_id)
, add constraint mark_look_features_fkey foreign key (model_id, mark_id)
    references logosim.mark_features (model_id, mark_id) on delete cascade;

do $$
declare
  registered logosim.model;
begin
  for registered in select * from logosim.model
  loop
    -- Denser links than pgvector makes unless told otherwise (16, 64): 2,000 steps find what took 3,500.
    execute format('drop index logosim.%I', 'mark_features_hnsw_' || registered.model_id);
    execute format(
      'create index %I on logosim.mark_features using hnsw ((embedding::public.halfvec(%s)) public.halfvec_cosine_ops) with (m = 24, ef_construction = 128) where model_id = %s'
      , 'mark_features_hnsw_' || registered.model_id, registered.dimensions, registered.model_id);
    execute format('comment on index logosim.%I is %L'
      , 'mark_features_hnsw_' || registered.model_id, 'Nearest embeddings of model ' || registered.name);
    execute format('create index %I on logosim.mark_look using gin (vienna_numbers) where model_id = %s'
      , 'mark_look_vienna_' || registered.model_id, registered.model_id);
    execute format('comment on index logosim.%I is %L'
      , 'mark_look_vienna_' || registered.model_id, 'Marks by Vienna key, of model ' || registered.name);
    execute format('create index %I on logosim.mark_look (source, has_text, year) where model_id = %s'
      , 'mark_look_facts_' || registered.model_id, registered.model_id);
    execute format('comment on index logosim.%I is %L'
      , 'mark_look_facts_' || registered.model_id, 'Marks by source, text and year, of model ' || registered.name);
  end loop;
end
$$;

analyze logosim.mark_look;

-- They give more now, and take vienna_none: sql/functions makes them anew.
drop function if exists logosim.candidates(
  public.halfvec, text, text, text[], text[], integer, integer, text[], boolean, uuid, integer, integer, boolean);
drop function if exists logosim.similar(uuid, text[], text[], integer, integer, text[], boolean, integer, boolean);
drop function if exists logosim.sounds_like(text, text[], text[], integer, integer, text[], integer);
drop function if exists logosim.similar_to(uuid, text[], text[], integer, integer, text[], boolean, integer, boolean);
drop function if exists logosim._filter(text[], text[], integer, integer, text[], boolean, uuid);
