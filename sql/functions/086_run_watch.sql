-- Purpose: running saved searches: what is new is reported, kept in logosim.watch_hit, and told once.
-- Callers: analysts, logosim/store/watches.py (`logosim watch run`, as logosim_worker). Cost: one search.
-- Notes. What is new is decided by what has been reported, not by time: a mark that was taken in while a run searched, or
--   whose picture is looked at only later, comes with the next run. Search, report and the state of the watch are one
--   transaction under a lock on the watch: a run that dies has done nothing, and two at once report a mark once.

create or replace function logosim.run_watch(name text) returns table (
    mark_id       uuid
  , score         double precision
  , risk          text
  , again         boolean
  , found_by      text[]
  , brand_text    text
  , file          text
  , source        text
  , year          integer
  , vienna_codes  text[]
  , look          real
  , shape         real
  , sound         real
  , spelling      real
  , vienna        real
)
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
declare
  saved         logosim.watch := logosim._watch(run_watch.name);
  saw_them_all  boolean := logosim._report_watch(saved, saved.runs + 1);
begin
  update logosim.watch w
     set tried_at = now()
       , ran_at = now()
       , runs = saved.runs + 1
       , complete = saw_them_all
       , last_error = null
   where w.watch_id = saved.watch_id;
  return query
  select h.mark_id, h.score, h.risk, h.again, h.found_by, m.brand_text, m.file, m.source, m.year::integer, m.vienna_codes
       , h.look, h.shape, h.sound, h.spelling, h.vienna
    from logosim.watch_hit h
    join logosim.mark m on m.mark_id = h.mark_id
   where h.watch_id = saved.watch_id and h.run = saved.runs + 1
   order by h.score desc, h.mark_id;
end
$$;

comment on function logosim.run_watch(text) is
'Ask a saved search again, and return only what it has not reported before, best first; all of it stays in logosim.watch_hit.
A mark is reported once, as soon as it reaches the threshold: in a later run where it was taken in, or looked at, after the search. It is reported again (again) only where its picture or its name is another one since, which is another mark to compare; other codes or another year, or a score that has changed, are not.
A search judges the 1000 marks that look nearest, by comparison with every one that passes the filter, and as many each by spelling and by sound; what is further off in all of these is not reported, whatever its codes. At most 1000 marks reach the threshold in a run: logosim.watches says (complete) whether they were fewer, so that none was cut off. score, risk, look, shape, sound, spelling, vienna: as logosim.search gives them. Run in a transaction that is rolled back, it has reported nothing.
Raises LS020 (no such watch), 42501 where another login role saved it, and what the search raises, such as LS008 where the active model has not seen a watched picture yet: logosim watch run looks at it again, which nobody can do in SQL.';

create or replace function logosim.claim_watch(every interval, names text[] default null) returns text
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
declare
  due text;
begin
  select w.name into due
    from logosim.watch w
   where (w.tried_at is null or w.tried_at <= now() - every)
     and (names is null or w.name = any (names))
   order by w.tried_at nulls first, w.watch_id
   limit 1
     for update skip locked;
  return due;
end
$$;

comment on function logosim.claim_watch(interval, text[]) is
  'Name of a watch (one of names, where given) that was not tried for so long and that nobody else is running, locked until the transaction ends; null where there is none. For programs that run watches on a schedule: in the same transaction comes logosim.run_watch, or logosim.fail_watch';

create or replace function logosim.fail_watch(name text, error text) returns void
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
begin
  update logosim.watch w
     set tried_at = now()
       , last_error = left(error, 2000)
   where w.watch_id = (logosim._watch(fail_watch.name)).watch_id;
end
$$;

comment on function logosim.fail_watch(text, text) is
  'Note that a watch could not be run, so that others have their turn and a person sees why. Raises LS020 if there is no such watch';
