-- Purpose: a new picture from any SQL client: it is handed to a running worker, which looks at it exactly as
--   logosim search --keep and POST /v1/queries do, and the answer is a handle for every search function.
--     call logosim.embed_picture(BYTES);                      waits for the answer; not inside a transaction block
--     select logosim.submit_picture(BYTES);                   does not wait;
--     select * from logosim.picture_answer(REQUEST);          asks later
-- Callers: analysts, the API, workers. 067_picture_requests.sql is the side of the worker.
-- Cost: what the worker takes for the picture (BENCHMARKS.md), and milliseconds to hear of it. A worker that is at a batch of
--   marks finishes that first; `logosim worker --pictures` answers pictures only.
-- Notes. A worker sees a request once it is committed, so embed_picture commits; therefore it is a procedure, runs with the
--   rights and the search path of its caller, names everything in full, and leaves the writing to the other functions.

create or replace function logosim.submit_picture(
    picture       bytea
  , brand_text    text      default null
  , vienna_codes  text[]    default '{}'
  , regions       integer[] default null
  , keep_for      interval  default '24 hours'
  , patience      interval  default '10 minutes'
) returns uuid
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
declare
  most_bytes  constant integer := 20 * 1024 * 1024;
  most_own    constant integer := 8;
  most_all    constant integer := 64;
  waiting     record;
  request     uuid;
begin
  if picture is null or octet_length(picture) = 0 then
    raise exception 'The picture is empty'
      using errcode = 'LS012', hint = 'Give the bytes of a picture file: PNG, JPEG, GIF, WebP, TIFF or BMP';
  end if;
  if octet_length(picture) > most_bytes then
    raise exception 'The picture has % bytes, the limit is %', octet_length(picture), most_bytes
      using errcode = 'LS013', hint = 'Scale it down';
  end if;
  if length(brand_text) > 1000 then
    perform logosim._bad_argument('brand_text has more than 1000 characters');
  end if;
  if keep_for is null or keep_for <= interval '0' or keep_for > interval '30 days' then
    perform logosim._bad_argument('keep_for must be more than nothing and at most 30 days');
  end if;
  if patience is null or patience <= interval '0' or patience > interval '1 hour' then
    perform logosim._bad_argument('patience must be more than nothing and at most an hour');
  end if;
  if regions is not null
     and (array_ndims(regions) is distinct from 2
          or array_length(regions, 1) > 8
          or array_length(regions, 2) <> 4
          or exists (
               select
                 from unnest(regions) with ordinality as r (value, place)
                where r.value is null or r.value < case when (r.place - 1) % 4 < 2 then 0 else 1 end)) then
    perform logosim._bad_argument(
      'regions must be 1 to 8 rectangles within the picture'
    , 'Each is left, top, width and height in pixels: array[[10,20,200,150], [0,0,80,80]]');
  end if;

  perform logosim._vienna_codes(vienna_codes);  -- raises

  delete from logosim.picture_request q
   where q.request in (
           select x.request from logosim.picture_request x where x.expires_at <= now() for update skip locked);
  -- One at a time is counted, so that nobody slips in between.
  perform pg_advisory_xact_lock(hashtext('logosim.submit_picture'));
  select count(*) filter (where q.asked_by = session_user) as own, count(*) as by_all
    into waiting
    from logosim.picture_request q
   where q.picture is not null and q.expires_at > now();
  if waiting.own >= most_own or waiting.by_all >= most_all then
    raise exception 'Too many pictures wait for a worker: % of yours, % in all', waiting.own, waiting.by_all
      using errcode = 'LS015'
          , hint = format('At most %s of one login role and %s in all may wait; logosim.withdraw_picture takes one back', most_own, most_all);
  end if;

  insert into logosim.picture_request as q (picture, brand_text, vienna_codes, regions, keep_for, expires_at)
  values (submit_picture.picture, submit_picture.brand_text
        , array(select logosim.vienna_code(g.code)
                  from unnest(submit_picture.vienna_codes) with ordinality as g (code, place)
                 order by g.place)
        , submit_picture.regions, submit_picture.keep_for, now() + patience)
  returning q.request into request;
  perform pg_notify('logosim_pictures', '');
  return request;
end
$$;

comment on function logosim.submit_picture(bytea, text, text[], integer[], interval, interval) is
'Hand a picture file to a worker without waiting; logosim.picture_answer tells what came of it, once this is committed.
brand_text: the name to compare; null: what is read in the picture; empty: none. vienna_codes: of the picture itself. regions: at most 8 parts of it to search in its place, each left, top, width, height in pixels. keep_for: how long the handle is to be good, at most 30 days. patience: when nobody need look at it any more, at most an hour.
At most 8 pictures of a login role may wait, and 64 in all. Raises LS004 (bad Vienna code), LS006 (bad argument), LS012 (no picture), LS013 (more than 20 MiB), LS015 (too many wait).';

create or replace function logosim.picture_answer(
    request         uuid
  , out state       text
  , out handle      uuid
  , out error_code  text
  , out error       text
  , out hint        text
) returns record
language plpgsql stable security definer
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
begin
  select q.state, q.handle, q.error_code, q.error, q.hint
    into state, handle, error_code, error, hint
    from logosim.picture_request q
   where q.request = picture_answer.request and q.expires_at > now();
  state := coalesce(state, 'unknown');
end
$$;

comment on function logosim.picture_answer(uuid) is
  'What has become of a picture that logosim.submit_picture handed in: queued, leased (a worker has it), done (with the handle for logosim.similar_to and its like), refused (with SQLSTATE, reason and hint), or unknown (never committed, or expired; answers are kept for ten minutes)';

create or replace function logosim.withdraw_picture(request uuid) returns boolean
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
begin
  delete from logosim.picture_request q where q.request = withdraw_picture.request;
  return found;
end
$$;

comment on function logosim.withdraw_picture(uuid) is
  'Take back a picture that logosim.submit_picture handed in, or forget the answer to it. Returns false if there is none';

create or replace function logosim._said_of_commit() returns text
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
declare
  said  text;
begin
  commit;
  return null;
exception
  when invalid_transaction_termination then
    get stacked diagnostics said = message_text;
    return said;
end
$$;

comment on function logosim._said_of_commit() is
  'Internal: what the server says, in its language, where a commit is not possible because an outer transaction runs, as it always does around a function';

create or replace procedure logosim.embed_picture(
    picture       bytea
  , brand_text    text      default null
  , vienna_codes  text[]    default '{}'
  , regions       integer[] default null
  , keep_for      interval  default '24 hours'
  , wait          interval  default '10 seconds'
  , inout handle  uuid      default null
)
language plpgsql
as $$
declare
  said      text;
  asked     uuid;
  answer    record;
  give_up   timestamptz;
  began     constant timestamptz := pg_catalog.clock_timestamp();
  -- The server would end the statement without a word of what it waited for, and the picture would stay behind.
  longest   constant interval := (
    select nullif(s.setting::integer, 0) * interval '0.9 ms' from pg_catalog.pg_settings s where s.name = 'statement_timeout');
  pause     double precision := 0.005;
  waited    numeric;
begin
  -- A commit is refused here too, but with other words unless an outer transaction runs.
  begin
    commit;
  exception
    when invalid_transaction_termination then
      get stacked diagnostics said = message_text;
  end;
  if said = logosim._said_of_commit() then
    raise exception 'logosim.embed_picture cannot wait inside a transaction: no worker sees the picture before it is committed'
      using errcode = 'LS014'
          , hint = 'Call it by itself, with autocommit; or use logosim.submit_picture, commit, and ask logosim.picture_answer';
  end if;
  if wait is null or wait <= interval '0' or wait > interval '10 minutes' then
    perform logosim._bad_argument('wait must be more than nothing and at most 10 minutes');
  end if;

  asked := logosim.submit_picture(picture, brand_text, vienna_codes, regions, keep_for, patience => wait + interval '1 minute');
  commit;
  give_up := least(pg_catalog.clock_timestamp() + wait, began + longest);
  loop
    select * into answer from logosim.picture_answer(asked);
    exit when answer.state not in ('queued', 'leased') or pg_catalog.clock_timestamp() >= give_up;
    perform pg_catalog.pg_sleep(pause);
    pause := least(pause * 1.3, 0.05);
    commit;  -- the next look is a new one, whatever the isolation level, and vacuum need not wait for us
  end loop;
  perform logosim.withdraw_picture(asked);
  commit;
  waited := pg_catalog.trim_scale(pg_catalog.round(extract(epoch from least(wait, longest)), 3));

  if answer.state = 'refused' then
    raise exception using errcode = answer.error_code, message = answer.error, hint = coalesce(answer.hint, 'See \df+ logosim.embed_picture');
  elsif answer.state = 'leased' then
    raise exception 'A worker has the picture and was not done within % s', waited
      using errcode = 'LS011'
          , hint = case when waited < extract(epoch from wait)
              then 'Your statements end soon after that: set statement_timeout = ''5 min'''
              else 'Wait longer: wait => ''1 minute''' end;
  elsif answer.state is distinct from 'done' then
    raise exception 'No worker has taken the picture within % s', waited
      using errcode = 'LS011'
          , hint = 'Start one that answers pictures: logosim worker --pictures. Workers that are at marks finish their batch first';
  end if;
  handle := answer.handle;
end
$$;

comment on procedure logosim.embed_picture(bytea, text, text[], integer[], interval, interval, uuid) is
'Have a running worker look at a picture file, and wait for the handle that logosim.similar_to and its like search with: call logosim.embed_picture(BYTES). Arguments as logosim.submit_picture; wait: how long, at most 10 minutes, and no longer than nine tenths of statement_timeout; handle: leave it out, it is the answer.
It commits, so call it outside of transaction blocks. Raises LS011 (no worker answered in time), LS012 (the picture cannot be used), LS013 (too large), LS014 (inside a transaction), LS015 (too many pictures wait), LS004 and LS006 as logosim.submit_picture.';
