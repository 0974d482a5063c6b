-- Purpose: a narrow copy of mark_look for filters that exclude what is near: reading it costs a third.

-- Nobody may write what is copied until the triggers are there, which is in this transaction too.
lock table logosim.mark_look in share row exclusive mode;

create table logosim.mark_coarse (
    model_id        smallint       not null
  , prefix          public.halfvec not null
  , mark_id         uuid           not null
  , look_at         tid            not null
  , has_text        boolean        not null
  , year            smallint
  , source          text           not null
  , vienna_numbers  integer[]      not null
);

comment on table logosim.mark_coarse is 'What a first look at all marks reads: the beginnings of the embeddings of mark_look beside what filters ask about, in short rows; what comes out near is compared again by the whole embedding. Triggers keep it in step';
comment on column logosim.mark_coarse.model_id is 'As in mark_look';
comment on column logosim.mark_coarse.prefix is 'First dimensions of the embedding at unit length, by logosim._coarse';
comment on column logosim.mark_coarse.mark_id is 'As in mark_look';
comment on column logosim.mark_coarse.look_at is 'Where the row of mark_look was when this one was written; a hint, for rows move: whoever follows it looks whether it is the same mark';
comment on column logosim.mark_coarse.has_text is 'As in mark_look';
comment on column logosim.mark_coarse.year is 'As in mark';
comment on column logosim.mark_coarse.source is 'As in mark_look';
comment on column logosim.mark_coarse.vienna_numbers is 'As in mark_look';

-- As sql/functions/034_mark_coarse.sql has it, which is applied after the revisions.
create or replace function logosim._coarse(embedding public.halfvec) returns public.halfvec
language sql immutable strict parallel safe
set search_path = public, pg_temp
as $$
  select l2_normalize(subvector(embedding, 1, least(vector_dims(embedding), 64)))
$$;

insert into logosim.mark_coarse (model_id, prefix, mark_id, look_at, has_text, year, source, vienna_numbers)
select l.model_id, logosim._coarse(l.embedding), l.mark_id, l.ctid, l.has_text, l.year, l.source, l.vienna_numbers
  from logosim.mark_look l;

alter table logosim.mark_coarse
  add constraint mark_coarse_pkey primary key (model_id, mark_id)
, add constraint mark_coarse_look_fkey foreign key (model_id, mark_id)
    references logosim.mark_look (model_id, mark_id) on delete cascade;

analyze logosim.mark_coarse;

-- It takes the statement that is planned now: sql/functions makes it anew.
drop function if exists logosim._expected(
  logosim.model, text, integer[], integer[], integer[], integer, integer, text[], boolean, uuid);
