-- Purpose: pictures of SQL clients, seen from the worker: it takes one under a lease, looks at it, and answers with a
--   handle or a reason; a worker that dies lets its lease run out, and another takes the picture.
-- Callers: logosim/store/picture_requests.py. Role logosim_worker may execute these and needs no rights on the table.
--   Workers listen on the channel logosim_pictures, on which logosim.submit_picture notifies.
-- Cost: milliseconds; claims never wait for one another (skip locked).

create or replace function logosim.claim_picture(
    worker        text
  , for_model     smallint
  , lease         interval default '5 seconds'
  , max_attempts  integer  default 2
) returns table (
    request       uuid
  , lease_token   uuid
  , picture       bytea
  , brand_text    text
  , vienna_codes  text[]
  , regions       integer[]
  , keep_for      interval
)
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
begin
  if lease <= interval '0' or max_attempts < 1 then
    perform logosim._bad_argument('lease and max_attempts must be above zero');
  end if;
  delete from logosim.picture_request q
   where q.request in (
           select x.request from logosim.picture_request x where x.expires_at <= now() for update skip locked);

  -- A handle is good for searches with the active model only.
  if for_model is distinct from (logosim._active_model()).model_id then
    return;
  end if;

  update logosim.picture_request q
     set state = 'refused'
       , picture = null
       , lease_token = null
       , lease_until = null
       , error_code = 'LS012'
       , error = 'The picture cannot be looked at: workers were lost over it'
       , hint = 'Save it anew in another format'
       , expires_at = now() + interval '10 minutes'
   where q.request in (
           select x.request
             from logosim.picture_request x
            where x.state = 'leased' and x.lease_until < now() and x.attempts >= max_attempts
              for update skip locked);

  return query
  update logosim.picture_request q
     set state = 'leased'
       , attempts = q.attempts + 1
       , lease_token = gen_random_uuid()
       , lease_owner = worker
       , lease_until = now() + lease
   where q.request = (
           select x.request
             from logosim.picture_request x
            where x.picture is not null and (x.state = 'queued' or x.lease_until < now())
            order by x.requested_at, x.request
            limit 1
              for update skip locked)
  returning q.request, q.lease_token, q.picture, q.brand_text, q.vienna_codes, q.regions, q.keep_for;
end
$$;

comment on function logosim.claim_picture(text, smallint, interval, integer) is
  'Take the picture of an SQL client that waits longest under a lease; no row if none waits, or for_model, the model that the worker has loaded, is not the active one. What has expired is deleted; what max_attempts workers were lost over is refused';

create or replace function logosim.heartbeat_picture(lease_token uuid, lease interval default '5 seconds') returns boolean
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
begin
  update logosim.picture_request q
     set lease_until = now() + lease
   where q.lease_token = heartbeat_picture.lease_token and q.state = 'leased';
  return found;
end
$$;

comment on function logosim.heartbeat_picture(uuid, interval) is
  'Extend the lease on a picture of an SQL client from now on. Returns false if it is lost, or the client has given up';

create or replace function logosim.finish_picture(lease_token uuid, handle uuid) returns void
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
begin
  update logosim.picture_request q
     set state = 'done'
       , picture = null
       , lease_token = null
       , lease_until = null
       , handle = finish_picture.handle
       , expires_at = now() + interval '10 minutes'
   where q.lease_token = finish_picture.lease_token and q.state = 'leased';
  if not found then
    raise exception 'The lease on a picture ran out, or its client has given up'
      using errcode = 'LS005', hint = 'Claim again';
  end if;
end
$$;

comment on function logosim.finish_picture(uuid, uuid) is
  'Answer an SQL client with the handle of its picture, in the transaction that keeps it; the picture is deleted from the request. Raises LS005 if the lease was lost or the client has given up';

create or replace function logosim.refuse_picture(lease_token uuid, error_code text, error text, hint text default null)
returns boolean
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
begin
  if coalesce(error_code !~ '^LS[0-9]{3}$', true) then
    perform logosim._bad_argument('error_code must be an SQLSTATE of class LS');
  end if;
  update logosim.picture_request q
     set state = 'refused'
       , picture = null
       , lease_token = null
       , lease_until = null
       , error_code = refuse_picture.error_code
       , error = left(refuse_picture.error, 2000)
       , hint = left(refuse_picture.hint, 2000)
       , expires_at = now() + interval '10 minutes'
   where q.lease_token = refuse_picture.lease_token and q.state = 'leased';
  return found;
end
$$;

comment on function logosim.refuse_picture(uuid, text, text, text) is
  'Answer an SQL client that its picture cannot be used, with SQLSTATE, reason and hint; the picture is deleted. Returns false if the lease was lost';

create or replace function logosim.release_picture(lease_token uuid) returns boolean
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
begin
  update logosim.picture_request q
     set state = 'queued'
       , attempts = greatest(q.attempts - 1, 0)
       , lease_token = null
       , lease_until = null
   where q.lease_token = release_picture.lease_token and q.state = 'leased';
  if found then
    perform pg_notify('logosim_pictures', '');
    return true;
  end if;
  return false;
end
$$;

comment on function logosim.release_picture(uuid) is
  'Give the picture of an SQL client back without counting the attempt, as a worker does that has another model than the active one by now. Returns false if the lease was lost';

create or replace function logosim.pictures_waiting() returns bigint
language plpgsql stable security definer
set search_path = logosim, public, pg_temp
as $$
begin
  return (select count(*) from logosim.picture_request q where q.picture is not null and q.expires_at > now());
end
$$;

comment on function logosim.pictures_waiting() is
  'How many pictures of SQL clients wait for a worker, or are being looked at';
