-- Purpose: how far each model is. Callers: logosim models, operators, analysts.
-- Cost: counts marks, features and queue for each model.

create or replace view logosim.model_state as
select m.model_id
     , m.name
     , case
         when m.active then 'active'
         when not m.fed then 'registered'
         when counted.waiting = 0
          and counted.is_indexed
          and counted.seen + counted.dead >= counted.marks
          and counted.seen >= counted.seen_by_active
         then 'ready'
         else 'backfilling'
       end as state
     , counted.marks
     , counted.seen
     , counted.waiting
     , counted.dead
     , counted.is_indexed
     , m.dimensions
     , m.registered_at
  from logosim.model m
 cross join lateral (
         select (select count(*) from logosim.mark) as marks
              , (select count(*) from logosim.mark_features f where f.model_id = m.model_id) as seen
              , (select count(*)
                   from logosim.mark_features f
                   join logosim.model a on a.model_id = f.model_id and a.active) as seen_by_active
              , (select count(*) from logosim.work w where w.model_id = m.model_id and w.state <> 'dead') as waiting
              , (select count(*) from logosim.work w where w.model_id = m.model_id and w.state = 'dead') as dead
              , logosim._model_is_indexed(m.model_id) as is_indexed) counted;

comment on view logosim.model_state is 'The registered models: which one searches use, and how far the others are';
comment on column logosim.model_state.model_id is 'Number of the model';
comment on column logosim.model_state.name is 'Its name';
comment on column logosim.model_state.state is 'active (searches use it), ready (logosim models activate may go over to it), backfilling (it has yet to see pictures, or has no index) or registered (nothing is queued for it)';
comment on column logosim.model_state.marks is 'How many marks there are';
comment on column logosim.model_state.seen is 'How many of them the model has features of';
comment on column logosim.model_state.waiting is 'Pictures that wait for a worker with this model, or that one has';
comment on column logosim.model_state.dead is 'Pictures that were given up';
comment on column logosim.model_state.is_indexed is 'Whether its vector index can be used';
comment on column logosim.model_state.dimensions is 'Dimensions of its embedding';
comment on column logosim.model_state.registered_at is 'When it was registered';
