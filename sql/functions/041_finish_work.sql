-- Purpose: the work queue, second half: a worker finishes, fails or gives back what it claimed, all or nothing.
-- Callers: logosim/store/work.py. Role logosim_worker may execute these and needs no rights on the tables.
-- Cost: milliseconds for a batch, most of it for the vector index.

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

  select m.* into made_with
    from logosim.model m
    join logosim.work w on w.model_id = m.model_id
   where w.lease_token = finish_work.lease_token and w.state = 'leased'
   limit 1;

  -- What was finished already (the worker did not hear our answer) may be finished again; what is lost may not.
  select count(*) into missing
    from unnest(mark_ids, picture_sha256s) as g (mark_id, picture_sha256)
   where not exists (
           select from logosim.work w
            where w.lease_token = finish_work.lease_token and w.state = 'leased' and w.mark_id = g.mark_id)
     and not exists (
           select from logosim.mark_features f
            where f.model_id = coalesce(made_with.model_id, for_model, (logosim._active_model()).model_id)
              and f.mark_id = g.mark_id
              and f.picture_sha256 = g.picture_sha256);
  if missing > 0 then
    raise exception 'The lease on % of % pictures ran out, and they are no longer ours', missing, cardinality(mark_ids)
      using errcode = 'LS005', hint = 'Claim again; use a longer lease or more heartbeats if this happens often';
  end if;
  if made_with.model_id is null then
    return 0;
  end if;
  if not made_with.fed then
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
  'Store the features of leased pictures and take them off the queue, all or none. Raises LS005 if the lease was lost, LS002 if they were made with another model (for_model) than claimed or that model is being dropped by now; finishing twice does no harm. A picture that is no longer the one on record is queued again. Returns how many were finished';

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
