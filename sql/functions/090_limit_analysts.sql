-- Purpose: no statement of an analyst runs for hours by mistake. Callers: the upgrade, owners. Cost: milliseconds.
-- Notes. Postgres applies a role's settings when a session begins, and only those of the very role that logs in: not
--   those of roles it is a member of, nor those of `set role`. So the limit is set for logosim_analyst, which counts for
--   those who let it log in itself and is the one that others are given, and for every login role that is an analyst and
--   nothing more. Whoever runs a statement may lift the limit for the session (set statement_timeout): it guards against
--   mistakes, not against malice.

create or replace function logosim.limit_analysts(statement_limit interval default null) returns table (
    role             text
  , limit_seconds    double precision
)
language plpgsql volatile
set search_path = pg_catalog
as $$
declare
  own       oid := (select d.oid from pg_database d where d.datname = current_database());
  analyst   oid := (select r.oid from pg_roles r where r.rolname = 'logosim_analyst');
  present   text := (
    select substring(s.setting from '=(.*)')
      from pg_db_role_setting d
     cross join unnest(d.setconfig) as s (setting)
     where d.setdatabase = own and d.setrole = analyst and s.setting like 'statement_timeout=%');
  wanted    interval := coalesce(
    limit_analysts.statement_limit
  , case when present ~ '^[0-9]+$' then (present || 'ms')::interval else present::interval end
  , interval '60 seconds');
  limited   record;
begin
  if limit_analysts.statement_limit is null and wanted = interval '0' then
    return;  -- somebody decided that there is to be none
  end if;
  if wanted < interval '1 second' then
    perform logosim._bad_argument('The limit must be a second or more', 'For none: alter role NAME in database NAME reset statement_timeout');
  end if;
  for limited in
    select r.rolname
         , exists (
             select
               from pg_db_role_setting d
              cross join unnest(d.setconfig) as s (setting)
              where d.setrole = r.oid and d.setdatabase in (0, own) and s.setting like 'statement_timeout=%') as is_set
      from pg_roles r
     where r.oid = analyst
        or (r.rolcanlogin
            and not r.rolsuper
            and pg_has_role(r.oid, analyst, 'member')
            and not pg_has_role(r.oid, 'logosim_worker', 'member')
            and not pg_has_role(r.oid, 'logosim_api', 'member')
            and not pg_has_role(r.oid, (select n.nspowner from pg_namespace n where n.nspname = 'logosim'), 'member'))
     order by r.rolname
  loop
    if limit_analysts.statement_limit is null and limited.is_set then
      continue;
    end if;
    begin
      execute format('alter role %I in database %I set statement_timeout = %L'
        , limited.rolname, current_database(), round(1000 * extract(epoch from wanted))::bigint || 'ms');
    exception
      when insufficient_privilege or undefined_object then
        raise notice 'The time limit of role % cannot be set by %', limited.rolname, current_user;
        continue;
    end;
    role := limited.rolname;
    limit_seconds := extract(epoch from wanted);
    return next;
  end loop;
end
$$;

comment on function logosim.limit_analysts(interval) is
'Limit how long a statement of an analyst may take in this database: of logosim_analyst, and of login roles that are members of it and of no other role of logosim. Returns the roles whose limit was set, in seconds; it holds for their next session.
statement_limit: the limit for all of them. null: 60 seconds, or the limit that logosim_analyst has by now, for those that have none; every upgrade does this, so run it after you have made a login for an analyst. A role that the caller may not alter is passed over with a notice.
Raises LS006 (less than a second).';
