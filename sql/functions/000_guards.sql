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
  raise exception '%', message using errcode = 'LS006', hint = coalesce(hint, 'See \df+ logosim.*');
end
$$;

comment on function logosim._bad_argument(text, text) is 'Internal: raises LS006';
