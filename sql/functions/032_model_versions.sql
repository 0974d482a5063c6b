-- Purpose: going over to another model while searches go on with the present one, and back; dropping one.
--   A model is registered; fed (from its backfill on, every new or changed picture is queued for it as well as for the
--   active one); ready (it has seen all pictures and its indexes are there); active; and fed still when another has
--   taken its place, so that one can go back. logosim.model_state tells. What has begun can be broken off and begun again
--   at any point: every function here finishes what the last call has left.
-- Callers: logosim models backfill|activate|drop (logosim/store/model_versions.py, model_indexes.py), as the owner.
-- Cost: activating counts what the model has not seen, which looks at every mark and its features once; it waits for
--   batches of logosim.merge_marks, searches wait for nothing.

-- Backfill --------------------------------------------------------------------------------------------------------------
create or replace function logosim._known_model(model_id smallint) returns logosim.model
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  known  logosim.model;
begin
  select * into known from logosim.model m where m.model_id = _known_model.model_id;
  if known.model_id is null then
    perform logosim._bad_argument(format('There is no model %s', model_id), 'See logosim.model_state');
  end if;
  return known;
end
$$;

comment on function logosim._known_model(smallint) is 'Internal: a model by its id. Raises LS006 if there is none';

create or replace function logosim._begin_backfill(model_id smallint) returns void
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
begin
  -- merge_marks shares this lock: what it has taken in can be seen when the marks not seen are queued, or is queued by it.
  perform pg_advisory_xact_lock(hashtext('logosim.register_model'));
  perform logosim._known_model(model_id);
  update logosim.model m set fed = true where m.model_id = _begin_backfill.model_id and not m.fed;
end
$$;

comment on function logosim._begin_backfill(smallint) is
  'Internal: from now on queue new and changed pictures for this model too. Those that are there already are queued by logosim._queue_missing, after this was committed';

create or replace function logosim._queue_missing(
    model_id  smallint
  , after     uuid
  , at_most   integer
  , out looked_at  integer
  , out queued     integer
  , out reached    uuid
) returns record
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
begin
  with next_marks as materialized (
    select m.mark_id, m.picture_sha256
      from logosim.mark m
     where after is null or m.mark_id > after
     order by m.mark_id
     limit at_most
  )
  , put_in_queue as (
    insert into logosim.work (mark_id, model_id)
    select n.mark_id, _queue_missing.model_id
      from next_marks n
     where not exists (
             select
               from logosim.mark_features f
              where f.model_id = _queue_missing.model_id
                and f.mark_id = n.mark_id
                and f.picture_sha256 = n.picture_sha256)
     order by n.mark_id
        on conflict on constraint work_pkey do nothing
    returning mark_id
  )
  select (select count(*) from next_marks)
       , (select count(*) from put_in_queue)
       , (select n.mark_id from next_marks n order by n.mark_id desc limit 1)
    into looked_at, queued, reached;
end
$$;

comment on function logosim._queue_missing(smallint, uuid, integer) is
  'Internal: look at so many marks behind a given one, in order of their ids, and queue those whose picture this model has not seen. reached: the last of them, null at the end';

-- Cut-over --------------------------------------------------------------------------------------------------------------
create or replace function logosim._missing_features(model_id smallint) returns bigint
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  active_id  smallint := (select m.model_id from logosim.model m where m.active);
begin
  return (
    select count(*)
      from logosim.mark m
     where not exists (
             select
               from logosim.mark_features f
              where f.model_id = _missing_features.model_id
                and f.mark_id = m.mark_id
                and f.picture_sha256 = m.picture_sha256)
       and (not exists (
              select
                from logosim.work w
               where w.model_id = _missing_features.model_id and w.mark_id = m.mark_id and w.state = 'dead')
            or exists (
                 select
                   from logosim.mark_features a
                  where a.model_id = active_id and a.mark_id = m.mark_id and a.picture_sha256 = m.picture_sha256)));
end
$$;

comment on function logosim._missing_features(smallint) is
  'Internal: how many marks a model has yet to see. Pictures that were given up do not count, unless the active model has seen them';

create or replace function logosim.activate_model(model_id smallint, force boolean default false) returns text
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
declare
  chosen   logosim.model;
  former   text := (select m.name from logosim.model m where m.active);
  missing  bigint;
begin
  -- Batches of merge_marks are over, or wait until this is: what they take in is counted, or queued for this model.
  perform pg_advisory_xact_lock(hashtext('logosim.register_model'));
  chosen := logosim._known_model(model_id);
  if chosen.active then
    return former;
  end if;
  if not force then
    missing := logosim._missing_features(model_id);
    if missing > 0 or not logosim._model_is_indexed(model_id) then
      raise exception 'Model % is not ready: %', chosen.name
        , concat_ws(' and '
                  , case
                      when missing = 1 then '1 mark has no features of it'
                      when missing > 1 then format('%s marks have no features of it', missing)
                    end
                  , case when not logosim._model_is_indexed(model_id) then 'its index is not there' end)
        using errcode = 'LS010'
            , hint = format('Run: logosim models backfill %s. It goes on where it was', chosen.name);
    end if;
  end if;
  update logosim.model m set active = false where m.active;
  update logosim.model m set active = true, fed = true where m.model_id = activate_model.model_id;
  if force then
    perform logosim.queue_missing(model_id);
  end if;
  return former;
end
$$;

comment on function logosim.activate_model(smallint, boolean) is
  'Make a model the active one: searches that begin after the commit use it, those that run finish with the former one, none sees both. The former model is kept up with new pictures, so that the same call goes back. force: even if marks have no features of it, which are queued, or its index is not there, without which searches are slow. Returns the name of the former model. Raises LS010 (the model is not ready), LS006 (there is no such model)';

-- Dropping --------------------------------------------------------------------------------------------------------------
create or replace function logosim._retire_model(model_id smallint) returns void
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
declare
  retired  logosim.model;
begin
  perform pg_advisory_xact_lock(hashtext('logosim.register_model'));
  retired := logosim._known_model(model_id);
  if retired.active then
    perform logosim._bad_argument(
      format('Model %s is the active one', retired.name), 'Go over to another first: logosim models activate NAME');
  end if;
  update logosim.model m set fed = false where m.model_id = _retire_model.model_id and m.fed;
end
$$;

comment on function logosim._retire_model(smallint) is
  'Internal: first step of dropping a model: nothing is queued for it any more, and its workers can claim nothing. Raises LS006 for the active one';

create or replace function logosim._forget_model(
    model_id  smallint
  , after     uuid
  , at_most   integer
  , out removed  integer
  , out reached  uuid
) returns record
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
declare
  forgotten  logosim.model;
begin
  perform pg_advisory_xact_lock_shared(hashtext('logosim.register_model'));
  forgotten := logosim._known_model(model_id);
  if forgotten.fed then
    perform logosim._bad_argument(
      format('A backfill of model %s has begun meanwhile', forgotten.name), 'Drop it again, or let it be');
  end if;
  -- Work first: whoever was about to store features has then stored them, or has lost its lease.
  delete from logosim.work w where w.model_id = _forget_model.model_id;
  perform logosim._keep_watched(model_id);
  delete from logosim.query_picture q where q.model_id = _forget_model.model_id;
  select array_length(gone.ids, 1), gone.ids[array_upper(gone.ids, 1)]
    into removed, reached
    from (select array_agg(next_ones.mark_id order by next_ones.mark_id) as ids
            from (select f.mark_id
                    from logosim.mark_features f
                   where f.model_id = _forget_model.model_id and (after is null or f.mark_id > after)
                   order by f.mark_id
                   limit at_most) next_ones) gone;
  removed := coalesce(removed, 0);
  delete from logosim.mark_features f
   where f.model_id = _forget_model.model_id
     and f.mark_id <= reached
     and (after is null or f.mark_id > after);
end
$$;

comment on function logosim._forget_model(smallint, uuid, integer) is
  'Internal: delete what waits for a retired model, pictures asked about with it unless a watch keeps them, and so many of its features behind a given mark. reached: the last of them, null at the end';

create or replace function logosim._remove_model(model_id smallint) returns void
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
begin
  perform logosim._forget_model(model_id, null, 1000000);
  perform logosim._drop_model_indexes(model_id);
  delete from logosim.model m where m.model_id = _remove_model.model_id;
end
$$;

comment on function logosim._remove_model(smallint) is
  'Internal: last step of dropping a model: what little may be left of it, and its row';
