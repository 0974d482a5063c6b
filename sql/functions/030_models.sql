-- Purpose: which models there are and which one is active. Callers: logosim db upgrade, the searches, the workers.
-- Cost: milliseconds; registering with `activate` makes the indexes of the model: instant while it has no features.
--   032_model_versions.sql has how one goes over to another model while searches go on.

create or replace function logosim._active_model() returns logosim.model
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  found_model logosim.model;
begin
  select * into found_model from logosim.model m where m.active;
  if found_model.model_id is null then
    raise exception 'No embedding model is active'
      using errcode = 'LS003', hint = 'Run `logosim db upgrade`; it registers the bundled model';
  end if;
  return found_model;
end
$$;

comment on function logosim._active_model() is 'Internal: the active model. Raises LS003 if there is none';

create or replace function logosim._model_named(model text) returns logosim.model
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  named  logosim.model;
begin
  if model is null then
    return logosim._active_model();
  end if;
  select * into named from logosim.model m where m.name = model;
  if named.model_id is null then
    perform logosim._bad_argument(format('There is no model %s', model), 'See logosim.model_state');
  end if;
  return named;
end
$$;

comment on function logosim._model_named(text) is
  'Internal: a model by its name; null: the active one. Raises LS006 (there is none of that name) and LS003 (no active model)';

create or replace function logosim._model_of(embedding halfvec, model text default null) returns logosim.model
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  made_with  logosim.model := logosim._model_named(model);
begin
  if vector_dims(embedding) <> made_with.dimensions then
    raise exception 'The embedding has % dimensions; model % has %', vector_dims(embedding), made_with.name, made_with.dimensions
      using errcode = 'LS002', hint = format('Make it with model %s', made_with.name);
  end if;
  if l2_norm(embedding) = 0 then
    perform logosim._bad_argument('The embedding is all zeros, which is as far from every mark', 'Give that of a picture');
  end if;
  return made_with;
end
$$;

comment on function logosim._model_of(halfvec, text) is
  'Internal: the named or the active model, for an embedding made with it. Raises LS002 (wrong dimensions), LS003 (no active model) and LS006 (unknown model, or all zeros)';

create or replace function logosim.queue_missing(model_id smallint) returns integer
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
declare
  queued integer;
begin
  insert into logosim.work (mark_id, model_id)
  select m.mark_id, queue_missing.model_id
    from logosim.mark m
   where not exists (
           select
             from logosim.mark_features f
            where f.model_id = queue_missing.model_id
              and f.mark_id = m.mark_id
              and f.picture_sha256 = m.picture_sha256)
   order by m.mark_id
      on conflict on constraint work_pkey do nothing;
  get diagnostics queued = row_count;
  return queued;
end
$$;

comment on function logosim.queue_missing(smallint) is
  'Queue every mark whose picture this model has not seen. Returns how many were queued';

create or replace function logosim.register_model(
    name              text
  , artifact_sha256   text
  , dimensions        integer
  , patch_grid        integer
  , patch_dimensions  integer
  , manifest          jsonb
  , activate          boolean default true
) returns smallint
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
declare
  known logosim.model;
begin
  -- merge_marks shares this lock: it is over before the marks not seen are queued, or sees the model that is active then.
  perform pg_advisory_xact_lock(hashtext('logosim.register_model'));
  select * into known from logosim.model m where m.artifact_sha256 = register_model.artifact_sha256;
  if known.model_id is null then
    if exists (select from logosim.model m where m.name = register_model.name) then
      perform logosim._bad_argument(
        format('Another model is registered as %s', register_model.name),
        'Give the new model a name of its own: features of two models cannot be compared');
    end if;
    insert into logosim.model (name, artifact_sha256, dimensions, patch_grid, patch_dimensions, manifest)
    values (register_model.name, register_model.artifact_sha256, register_model.dimensions, register_model.patch_grid
          , register_model.patch_dimensions, register_model.manifest)
    returning * into known;
  elsif (known.dimensions, known.patch_grid, known.patch_dimensions)
        is distinct from (register_model.dimensions, register_model.patch_grid, register_model.patch_dimensions) then
    perform logosim._bad_argument(
      format('Model %s is registered with other dimensions', known.name), 'Its manifest does not fit its weights');
  end if;
  if activate and not known.active then
    perform logosim._make_model_indexes(known.model_id);
    perform logosim.activate_model(known.model_id, force => true);
  end if;
  return known.model_id;
end
$$;

comment on function logosim.register_model(text, text, integer, integer, integer, jsonb, boolean) is
  'Register an embedding model, or find it by the SHA-256 of its weights. With activate it gets its vector index, is the active one from now on, and the marks it has not seen are queued: until they are done they are found by name only; logosim models backfill and activate go over without that. Returns its id';
