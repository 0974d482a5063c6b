-- Purpose: what other functions raise. SQLSTATEs of class LS:
--   LS001 unknown mark, LS002 wrong dimensions, LS003 no active model, LS004 bad Vienna code, LS005 lease lost,
--   LS006 bad argument, LS007 unknown or expired handle, LS008 handle of another model, LS009 sounds of another
--   pronunciation engine, LS010 model not ready, LS011 no worker answered, LS012 picture cannot be used, LS013 picture too
--   large, LS014 inside a transaction, LS015 too many pictures wait, LS020 unknown watch.
-- Callers: functions of this schema.

create or replace function logosim._bad_argument(message text, hint text default null) returns void
language plpgsql immutable parallel safe
set search_path = pg_catalog
as $$
begin
  raise exception '%', message using errcode = 'LS006', hint = coalesce(hint, '\df+ logosim.NAME describes a function and its arguments');
end
$$;

comment on function logosim._bad_argument(text, text) is 'Internal: raises LS006';

create or replace function logosim._check_years(year_from integer, year_to integer) returns void
language plpgsql immutable parallel safe
set search_path = pg_catalog
as $$
begin
  if year_from > year_to then
    perform logosim._bad_argument(
      format('The years %s to %s are an empty range', year_from, year_to), 'year_from is the earlier one; both count');
  end if;
end
$$;

comment on function logosim._check_years(integer, integer) is 'Internal: raises LS006 where no year can pass a filter';
