-- Purpose: API keys. Only hashes come here; logosim/store/keys.py makes the keys and compares them.
-- Callers: logosim keys (as the owner); logosim_api reads the hashes.

create or replace function logosim.add_api_key(key_id text, name text, key_hash bytea) returns void
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
begin
  insert into logosim.api_key (key_id, name, key_hash) values (add_api_key.key_id, add_api_key.name, add_api_key.key_hash);
exception
  when unique_violation then
    perform logosim._bad_argument(format('There is a key called %s already', name), 'Choose another name; names of revoked keys stay taken');
end
$$;

comment on function logosim.add_api_key(text, text, bytea) is 'Keep the hash of a new API key. Raises LS006 if the name is taken';

create or replace function logosim.revoke_api_key(name text) returns boolean
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
begin
  update logosim.api_key k set revoked_at = now() where k.name = revoke_api_key.name and k.revoked_at is null;
  return found;
end
$$;

comment on function logosim.revoke_api_key(text) is 'Withdraw a key. Returns false if there is no valid key of that name';
