-- Purpose: is the queue moving? Callers: operators, analysts, /v1/work. Cost: a scan of the queue.

create or replace view logosim.queue_health as
select m.name as model
     , m.active
     , count(*) filter (where w.state = 'queued') as queued
     , count(*) filter (where w.state = 'leased' and w.lease_until >= now()) as leased
     , count(*) filter (where w.state = 'leased' and w.lease_until < now()) as expired
     , count(*) filter (where w.state = 'dead') as dead
     , count(*) filter (where w.state <> 'dead' and w.attempts > 1) as retried
     , min(w.queued_at) filter (where w.state = 'queued') as oldest_queued_at
     , count(distinct w.lease_owner) filter (where w.state = 'leased') as workers
  from logosim.model m
  left join logosim.work w on w.model_id = m.model_id
 group by m.model_id, m.name, m.active;

comment on view logosim.queue_health is 'The work queue by model, in one row each';
comment on column logosim.queue_health.model is 'Name of the model';
comment on column logosim.queue_health.active is 'Whether searches use it';
comment on column logosim.queue_health.queued is 'Pictures that wait for a worker';
comment on column logosim.queue_health.leased is 'Pictures that a worker has';
comment on column logosim.queue_health.expired is 'Pictures whose worker was lost; the next claim takes them back';
comment on column logosim.queue_health.dead is 'Pictures that were given up; logosim.work.last_error says why';
comment on column logosim.queue_health.retried is 'Pictures waiting or leased that failed before';
comment on column logosim.queue_health.oldest_queued_at is 'When the picture that waits longest was queued';
comment on column logosim.queue_health.workers is 'Workers that hold a lease';
