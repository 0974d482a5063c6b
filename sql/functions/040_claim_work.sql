-- Purpose: the work queue, first half: a worker claims a batch under a lease and extends it while it works; a worker that
--   dies lets its lease run out, and others take over.
-- Callers: logosim/store/work.py. Role logosim_worker may execute these and needs no rights on the tables.
-- Cost: milliseconds for a batch; claims never wait for one another (skip locked).

create or replace function logosim._retry_delay(attempts integer) returns interval
language plpgsql immutable parallel safe
set search_path = logosim, public, pg_temp
as $$
begin
  return case
           when attempts <= 1 then interval '0'
           when attempts = 2 then interval '5 seconds'
           when attempts = 3 then interval '30 seconds'
           when attempts = 4 then interval '2 minutes'
           else interval '10 minutes'
         end;
end
$$;

comment on function logosim._retry_delay(integer) is
  'Internal: how long to wait after so many failed attempts. The first retry is at once; what is away for longer, such as a drive, gets minutes to come back';

create or replace function logosim._lock_marks(mark_ids uuid[]) returns void
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
begin
  perform from logosim.mark m where m.mark_id = any (mark_ids) order by m.mark_id for no key update;
end
$$;

comment on function logosim._lock_marks(uuid[]) is
  'Internal: lock marks before their work, in order of their ids. Whoever locks both does it so, and none waits in a circle';

create or replace function logosim._requeue_expired(max_attempts integer) returns void
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
begin
  update logosim.work w
     set state = case when w.attempts >= max_attempts then 'dead' else 'queued' end
       , last_error = format('Worker %s was lost: its lease ran out', w.lease_owner)
       , lease_token = null
       , lease_until = null
       , not_before = now()  -- the lease that ran out was delay enough
       , queued_at = now()
       , updated_at = now()
    from (select e.mark_id, e.model_id
            from logosim.work e
           where e.state = 'leased' and e.lease_until < now()
             for update skip locked) expired
   where w.mark_id = expired.mark_id and w.model_id = expired.model_id;
end
$$;

comment on function logosim._requeue_expired(integer) is 'Internal: give back, or give up, work whose lease ran out';

create or replace function logosim._model_was_replaced(model_id smallint) returns void
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
begin
  raise exception 'Work for model % was asked for, which is not kept up; the active model is %'
    , coalesce((select m.name from logosim.model m where m.model_id = _model_was_replaced.model_id), model_id::text)
    , (logosim._active_model()).name
    using errcode = 'LS002', hint = 'Begin its backfill (logosim models backfill NAME), or work for the active model';
end
$$;

comment on function logosim._model_was_replaced(smallint) is
  'Internal: raise LS002, for work was asked for or done with a model that was never backfilled or is being dropped';

create or replace function logosim.claim_work(
    worker        text
  , batch_size    integer  default 32
  , lease         interval default '5 minutes'
  , for_model     smallint default null
  , max_attempts  integer  default 5
) returns table (
    mark_id           uuid
  , model_id          smallint
  , lease_token       uuid
  , attempts          integer
  , picture_location  text
  , picture_sha256    text
  , brand_text        text
)
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
declare
  token   uuid := gen_random_uuid();
  active  logosim.model := logosim._active_model();
  wanted  smallint := coalesce(for_model, active.model_id);
  first   record;
begin
  if not exists (select from logosim.model m where m.model_id = wanted and m.fed) then
    perform logosim._model_was_replaced(wanted);
  end if;
  if batch_size < 1 or lease <= interval '0' or max_attempts < 1 then
    perform logosim._bad_argument('batch_size, lease and max_attempts must be above zero');
  end if;
  perform logosim._requeue_expired(max_attempts);

  select w.mark_id, w.attempts into first
    from logosim.work w
   where w.state = 'queued' and w.model_id = wanted and w.not_before <= now()
   order by w.queued_at, w.mark_id
   limit 1
     for update skip locked;
  if not found then
    return;
  end if;

  -- What two attempts did not finish may be what killed its workers: it goes alone, and drags no neighbour along.
  return query
  with chosen as (
    select w.mark_id
      from logosim.work w
     where w.state = 'queued'
       and w.model_id = wanted
       and w.not_before <= now()
       and case when first.attempts >= 2 then w.mark_id = first.mark_id else w.attempts < 2 end
     order by w.queued_at, w.mark_id
     limit case when first.attempts >= 2 then 1 else batch_size end
       for update skip locked
  )
  , leased as (
    update logosim.work w
       set state = 'leased'
         , attempts = w.attempts + 1
         , lease_token = token
         , lease_owner = worker
         , lease_until = now() + lease
         , updated_at = now()
      from chosen
     where w.mark_id = chosen.mark_id and w.model_id = wanted
    returning w.mark_id, w.model_id, w.lease_token, w.attempts
  )
  select l.mark_id, l.model_id, l.lease_token, l.attempts, m.picture_location, m.picture_sha256, m.brand_text
    from leased l
    join logosim.mark m on m.mark_id = l.mark_id
   order by l.mark_id;
end
$$;

comment on function logosim.claim_work(text, integer, interval, smallint, integer) is
  'Take up to batch_size pictures that are due under a lease. for_model: the model that the caller has loaded; null: the active one. Raises LS002 if it is not kept up with new pictures: never backfilled, or being dropped. What was tried twice is handed out alone; what was tried max_attempts times without an end is given up';

create or replace function logosim._lock_lease(lease_token uuid) returns void
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
begin
  perform
     from logosim.work w
    where w.lease_token = _lock_lease.lease_token and w.state = 'leased'
    order by w.mark_id
      for update;
end
$$;

comment on function logosim._lock_lease(uuid) is
  'Internal: lock what a lease holds, in order of mark ids, so that it can neither run out nor change hands';

create or replace function logosim.heartbeat_work(lease_token uuid, lease interval default '5 minutes') returns integer
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
declare
  extended integer;
begin
  perform logosim._lock_lease(heartbeat_work.lease_token);
  update logosim.work w
     set lease_until = now() + lease
       , updated_at = now()
   where w.state = 'leased' and w.lease_token = heartbeat_work.lease_token;
  get diagnostics extended = row_count;
  return extended;
end
$$;

comment on function logosim.heartbeat_work(uuid, interval) is
  'Extend a lease from now on. Returns how many items it still holds: 0 means it is lost or done';
