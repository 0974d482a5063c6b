-- Purpose: the stable id of a mark. Callers: logosim.merge_marks, analysts. Twin: logosim/domain/mark.py.
-- Cost: microseconds.

create or replace function logosim.mark_id(source text, file text) returns uuid
language sql immutable strict parallel safe
set search_path = pg_catalog
as $$
  -- A name-based uuid of version 8 (RFC 9562): the first 16 bytes of SHA-256 with version and variant put in.
  select encode(
           set_byte(set_byte(digest, 6, get_byte(digest, 6) & 15 | 128), 8, get_byte(digest, 8) & 63 | 128)
         , 'hex')::uuid
    from substring(
           sha256('\x6c6f676f73696d206d61726b00'::bytea || convert_to(source || '/' || lower(file collate "C"), 'UTF8'))
           from 1 for 16) as digest
$$;

comment on function logosim.mark_id(text, text) is
  'Stable id of the mark of a source with this picture file name; the case of A to Z in the file name is ignored';
