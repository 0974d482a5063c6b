-- Purpose: the work queue, seen from outside: what waits, and queueing dead letters again.
-- Callers: logosim/store/work.py, operators. Cost: a scan of the queue.

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
