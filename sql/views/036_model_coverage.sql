-- Purpose: how many marks each model has looked at, and how many it has yet to. Callers: analysts, operators. Cost: one
-- scan of the key of logosim.mark_features and of the queue.

create or replace view logosim.model_coverage as
select m.name as model
     , m.active
     , m.dimensions
     , coalesce(f.marks, 0) as looked_at
     , coalesce(w.waiting, 0) as waiting
     , coalesce(w.dead, 0) as dead
     , every.marks - coalesce(f.marks, 0) as missing
     , round(100.0 * coalesce(f.marks, 0) / nullif(every.marks, 0), 2) as percent
     , f.last_at as last_looked_at
  from logosim.model m
 cross join (select count(*) as marks from logosim.mark) every
  left join (select model_id, count(*) as marks, max(extracted_at) as last_at
               from logosim.mark_features
              group by model_id) f on f.model_id = m.model_id
  left join (select model_id
                  , count(*) filter (where state <> 'dead') as waiting
                  , count(*) filter (where state = 'dead') as dead
               from logosim.work
              group by model_id) w on w.model_id = m.model_id;

comment on view logosim.model_coverage is 'Models with the marks they have looked at, in one row each';
comment on column logosim.model_coverage.model is 'Name of the model';
comment on column logosim.model_coverage.active is 'Whether searches use it';
comment on column logosim.model_coverage.dimensions is 'Dimensions of its embedding';
comment on column logosim.model_coverage.looked_at is 'Marks with features of this model';
comment on column logosim.model_coverage.waiting is 'Marks queued for this model, or with a worker; those looked at before may wait again';
comment on column logosim.model_coverage.dead is 'Marks that were given up; logosim.work.last_error says why';
comment on column logosim.model_coverage.missing is 'Marks without features of this model';
comment on column logosim.model_coverage.percent is 'Looked at, in percent of all marks';
comment on column logosim.model_coverage.last_looked_at is 'When the last features were made';
