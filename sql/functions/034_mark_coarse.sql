-- Purpose: logosim.mark_coarse is what a first look at all marks reads: the first dimensions of each embedding beside the
--   filter's columns, in rows so short that reading all of them takes a part of the time that whole embeddings take.
--   These triggers write it whenever logosim.mark_look is written; deleted rows go with theirs (foreign key).
-- Codes. A category or division is one bit of three numbers, a section one of six small numbers. They are compared in a part
--   of the time that an array takes, and leave nearly all rows of one length: the processor then sees where the next one
--   lies. Where a mark has more sections, or codes that no list has, the sixth says so, and mark_look answers for it. Which
--   code becomes which number (logosim._coarse_codes, _coarse_bits, _coarse_section, _coarse_sections) came with the table,
--   in revision 0017, and may change only with a revision that writes it anew.
-- Callers: the triggers, logosim._look_coarsely, the revision that made the table.
-- Cost: a row for each row of mark_look that is written.

create or replace function logosim._coarse(embedding halfvec) returns halfvec
language sql immutable strict parallel safe
set search_path = public, pg_temp
as $$
  select l2_normalize(subvector(embedding, 1, least(vector_dims(embedding), 64)))
$$;

comment on function logosim._coarse(halfvec) is
  'Internal: the first 64 dimensions of an embedding, at unit length: what a first look compares. Models that the package brings give the dimensions in the order of their variance; of others more must be compared again';

create or replace function logosim._coarse_follows_look() returns trigger
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
begin
  insert into logosim.mark_coarse (
    codes_1, codes_2, codes_3, model_id, year, has_text, prefix, mark_id, look_at
  , section_1, section_2, section_3, section_4, section_5, section_6, source)
  select b.codes[1], b.codes[2], b.codes[3], l.model_id, l.year, l.has_text, logosim._coarse(l.embedding), l.mark_id, l.ctid
       , s.codes[1], s.codes[2], s.codes[3], s.codes[4], s.codes[5], s.codes[6], l.source
    from written w
    join logosim.mark_look l on l.model_id = w.model_id and l.mark_id = w.mark_id
   cross join logosim._coarse_bits(l.vienna_numbers) as b (codes)
   cross join logosim._coarse_sections(l.vienna_numbers) as s (codes)
      on conflict on constraint mark_coarse_pkey do update
     set codes_1 = excluded.codes_1
       , codes_2 = excluded.codes_2
       , codes_3 = excluded.codes_3
       , year = excluded.year
       , has_text = excluded.has_text
       , prefix = excluded.prefix
       , look_at = excluded.look_at
       , section_1 = excluded.section_1
       , section_2 = excluded.section_2
       , section_3 = excluded.section_3
       , section_4 = excluded.section_4
       , section_5 = excluded.section_5
       , section_6 = excluded.section_6
       , source = excluded.source;
  return null;
end
$$;

comment on function logosim._coarse_follows_look() is 'Internal: triggers of mark_look';

create or replace trigger mark_look_coarse_insert
after insert on logosim.mark_look
referencing new table as written
for each statement execute function logosim._coarse_follows_look();

create or replace trigger mark_look_coarse_update
after update on logosim.mark_look
referencing new table as written
for each statement execute function logosim._coarse_follows_look();

comment on trigger mark_look_coarse_insert on logosim.mark_look is 'Keeps mark_coarse in step';
comment on trigger mark_look_coarse_update on logosim.mark_look is 'Keeps mark_coarse in step';
