-- Purpose: the work queue. A worker claims a batch under a lease, extends it while it works, and finishes or fails its
--   items; a worker that dies lets its lease run out, and others take over.
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
  raise exception 'Work for model % was asked for, and the active model is %'
    , coalesce((select m.name from logosim.model m where m.model_id = _model_was_replaced.model_id), model_id::text)
    , (logosim._active_model()).name
    using errcode = 'LS002', hint = 'Start the worker again with the artifact of the active model in LOGOSIM_MODEL_DIR';
end
$$;

comment on function logosim._model_was_replaced(smallint) is
  'Internal: raise LS002, for work was asked for or done with a model that is not the active one';

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
  if wanted <> active.model_id then
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
  'Take up to batch_size pictures that are due under a lease. Raises LS002 if for_model, the model that the caller has loaded, is not the active one. What was tried twice is handed out alone; what was tried max_attempts times without an end is given up';

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

create or replace function logosim.finish_work(
    lease_token      uuid
  , mark_ids         uuid[]
  , embeddings       halfvec[]
  , patches          bytea[]
  , widths           integer[]
  , heights          integer[]
  , picture_sha256s  text[]
  , for_model        smallint default null
) returns integer
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
declare
  made_with  logosim.model;
  missing    integer;
  finished   integer;
begin
  if cardinality(mark_ids) is distinct from cardinality(embeddings)
     or cardinality(mark_ids) is distinct from cardinality(patches)
     or cardinality(mark_ids) is distinct from cardinality(widths)
     or cardinality(mark_ids) is distinct from cardinality(heights)
     or cardinality(mark_ids) is distinct from cardinality(picture_sha256s) then
    perform logosim._bad_argument('The arrays given to finish_work differ in length');
  end if;

  perform logosim._lock_marks(mark_ids);
  perform logosim._lock_lease(finish_work.lease_token);

  -- What was finished already (the worker did not hear our answer) may be finished again; what is lost may not.
  select count(*) into missing
    from unnest(mark_ids, picture_sha256s) as g (mark_id, picture_sha256)
   where not exists (
           select from logosim.work w
            where w.lease_token = finish_work.lease_token and w.state = 'leased' and w.mark_id = g.mark_id)
     and not exists (
           select from logosim.mark_features f
            where f.mark_id = g.mark_id and f.picture_sha256 = g.picture_sha256);
  if missing > 0 then
    raise exception 'The lease on % of % pictures ran out, and they are no longer ours', missing, cardinality(mark_ids)
      using errcode = 'LS005', hint = 'Claim again; use a longer lease or more heartbeats if this happens often';
  end if;

  select m.* into made_with
    from logosim.model m
    join logosim.work w on w.model_id = m.model_id
   where w.lease_token = finish_work.lease_token and w.state = 'leased'
   limit 1;
  if made_with.model_id is null then
    return 0;
  end if;
  if not made_with.active then
    perform logosim._model_was_replaced(made_with.model_id);
  end if;
  if made_with.model_id <> for_model then
    raise exception 'The features were made with model %, and the work was claimed for model %', for_model, made_with.name
      using errcode = 'LS002', hint = 'Claim work for the model that is loaded';
  end if;
  if exists (select from unnest(embeddings) as e where vector_dims(e) <> made_with.dimensions) then
    raise exception 'An embedding does not have the % dimensions of model %', made_with.dimensions, made_with.name
      using errcode = 'LS002', hint = 'The worker has loaded another model than the one it claimed work for';
  end if;
  if exists (
       select from unnest(finish_work.patches) as p
        where octet_length(p) <> made_with.patch_grid ^ 2 * made_with.patch_dimensions) then
    raise exception 'A patch map does not have the % x % x % bytes of model %'
      , made_with.patch_grid, made_with.patch_grid, made_with.patch_dimensions, made_with.name
      using errcode = 'LS002', hint = 'The worker has loaded another model than the one it claimed work for';
  end if;

  with given as materialized (
    select g.*, g.picture_sha256 = m.picture_sha256 as is_current
      from unnest(mark_ids, embeddings, finish_work.patches, widths, heights, picture_sha256s)
           as g (mark_id, embedding, patches, width, height, picture_sha256)
      join logosim.work w
        on w.mark_id = g.mark_id and w.lease_token = finish_work.lease_token and w.state = 'leased'
      join logosim.mark m on m.mark_id = g.mark_id
  )
  , stored as (
    insert into logosim.mark_features as f (model_id, mark_id, embedding, patches, picture_sha256)
    select made_with.model_id, g.mark_id, g.embedding, g.patches, g.picture_sha256
      from given g
     where g.is_current
        on conflict on constraint mark_features_pkey do update
       set embedding = excluded.embedding
         , patches = excluded.patches
         , picture_sha256 = excluded.picture_sha256
         , extracted_at = now()
  )
  , sized as (
    update logosim.mark m
       set picture_width = g.width
         , picture_height = g.height
      from given g
     where m.mark_id = g.mark_id
       and g.is_current
       and (m.picture_width, m.picture_height) is distinct from (g.width, g.height)
  )
  , put_back as (
    update logosim.work w
       set state = 'queued'
         , attempts = 0
         , lease_token = null
         , lease_until = null
         , not_before = now()
         , last_error = 'The picture looked at is not the one on record (its SHA-256 differs): ingest it again'
         , queued_at = now()
         , updated_at = now()
      from given g
     where w.mark_id = g.mark_id and w.model_id = made_with.model_id and not g.is_current
  )
  , removed as (
    delete from logosim.work w
     using given g
     where w.mark_id = g.mark_id and w.model_id = made_with.model_id and g.is_current
    returning w.mark_id
  )
  select count(*) into finished from removed;
  return finished;
end
$$;

comment on function logosim.finish_work(uuid, uuid[], halfvec[], bytea[], integer[], integer[], text[], smallint) is
  'Store the features of leased pictures and take them off the queue, all or none. Raises LS005 if the lease was lost, LS002 if they were made with another model (for_model) than claimed or the active model is another by now; finishing twice does no harm. A picture that is no longer the one on record is queued again. Returns how many were finished';

create or replace function logosim.fail_work(
    lease_token      uuid
  , mark_ids         uuid[]
  , errors           text[]
  , permanent        boolean[]
  , max_attempts     integer default 5
  , picture_sha256s  text[]  default null
) returns integer
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
declare
  failed integer;
begin
  if cardinality(mark_ids) is distinct from cardinality(errors)
     or cardinality(mark_ids) is distinct from cardinality(permanent)
     or cardinality(mark_ids) <> cardinality(picture_sha256s) then
    perform logosim._bad_argument('The arrays given to fail_work differ in length');
  end if;
  perform logosim._lock_marks(mark_ids);
  perform logosim._lock_lease(fail_work.lease_token);

  -- What is wrong with a picture says nothing of the one that has taken its place since: that one starts afresh.
  update logosim.work w
     set state = case
                   when not g.is_current then 'queued'
                   when g.is_permanent or w.attempts >= max_attempts then 'dead'
                   else 'queued'
                 end
       , attempts = case when g.is_current then w.attempts else 0 end
       , last_error = left(g.error, 2000)
       , lease_token = null
       , lease_until = null
       , not_before = now() + case when g.is_current then logosim._retry_delay(w.attempts) else interval '0' end
       , queued_at = now()
       , updated_at = now()
    from (select f.mark_id, f.error, f.is_permanent, coalesce(f.picture_sha256 = m.picture_sha256, true) as is_current
            from unnest(mark_ids, errors, permanent, picture_sha256s)
                 as f (mark_id, error, is_permanent, picture_sha256)
            join logosim.mark m on m.mark_id = f.mark_id) g
   where w.lease_token = fail_work.lease_token and w.state = 'leased' and w.mark_id = g.mark_id;
  get diagnostics failed = row_count;
  return failed;
end
$$;

comment on function logosim.fail_work(uuid, uuid[], text[], boolean[], integer, text[]) is
  'Report pictures that could not be done: back to the end of the queue for a while that grows with the attempts, or to the dead letters where trying again cannot help or was tried max_attempts times. Where picture_sha256s, the pictures claimed, are given, a mark that has another picture by now is queued afresh. Items no longer held are left alone. Returns how many were reported';

create or replace function logosim.release_work(lease_token uuid) returns integer
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
declare
  released integer;
begin
  perform logosim._lock_lease(release_work.lease_token);
  update logosim.work w
     set state = 'queued'
       , attempts = greatest(w.attempts - 1, 0)
       , lease_token = null
       , lease_until = null
       , updated_at = now()
   where w.lease_token = release_work.lease_token and w.state = 'leased';
  get diagnostics released = row_count;
  return released;
end
$$;

comment on function logosim.release_work(uuid) is
  'Give unfinished items back without counting the attempt, as a worker does that is told to stop. Returns how many';

create or replace function logosim.retry_dead() returns integer
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
declare
  retried integer;
begin
  update logosim.work w
     set state = 'queued', attempts = 0, not_before = now(), queued_at = now(), updated_at = now()
    from (select d.mark_id, d.model_id
            from logosim.work d
           where d.state = 'dead'
           order by d.mark_id
             for update) dead
   where w.mark_id = dead.mark_id and w.model_id = dead.model_id and w.state = 'dead';
  get diagnostics retried = row_count;
  return retried;
end
$$;

comment on function logosim.retry_dead() is 'Queue all dead letters again with all their attempts. Returns how many';

create or replace function logosim.work_status() returns table (state text, count bigint)
language plpgsql stable security definer
set search_path = logosim, public, pg_temp
as $$
begin
  return query
  select s.state, count(w.mark_id)
    from unnest(array['queued', 'leased', 'dead']) with ordinality as s (state, place)
    left join logosim.work w on w.state = s.state
   group by s.state, s.place
   order by s.place;
end
$$;

comment on function logosim.work_status() is 'How many pictures are queued, leased and dead, over all models';

create or replace function logosim.pending_work(for_model smallint default null) returns bigint
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
begin
  return (
    select count(*)
      from logosim.work w
     where w.state in ('queued', 'leased')
       and w.model_id = coalesce(for_model, (select m.model_id from logosim.model m where m.active)));
end
$$;

comment on function logosim.pending_work(smallint) is
  'How many pictures of a model (the active one by default) are queued or leased, those included that wait to be tried again. 0 where no model is active';
