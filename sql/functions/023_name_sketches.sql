-- Purpose: names as bit sets, so that an index can find the nearest ones: how a name is spelt, and how it sounds.
--   A sketch has a bit for each pair and each triple of neighbouring characters that stands in the name, hashed to 512
--   bits. Jaccard's distance of two sketches is then that of the two sets of pairs and triples, but for collisions.
-- Sounds. Segments are taken together in classes, of which two readings stand side by side in a sketch: a fine one with
--   three classes of vowels, and a coarse one in which all vowels are one and glides are none. FILDOR and PHILDAR, which
--   share no three letters, are "FALTAR" in the coarse one.
-- Source: pairs of letters hashed to a bit set, after R. Schnell, T. Bachteler and J. Reiher (2009), "Privacy-preserving
--   record linkage using Bloom filters"; deviations: triples too, one hash, Jaccard in place of Dice. Sound classes in the
--   manner of A. Dolgopolsky (1964); deviations: f v w are apart from p b, and l from r; sibilants and affricates are one
--   class; h and the glottal stop are none; vowels count, for names of one skeleton of consonants are too many.
-- Callers: the trigger on logosim.mark, which keeps logosim.name_sketch for all ways in which names are written
--   (merge_marks, pronounce_marks, refresh_names, by hand), so that sketches are of the engine that pronounced the name;
--   logosim._name_candidates. Plain twin: tests/sql/name_sketch_twin.py. Beside the sketches stands what filters ask
--   about, for a join to every mark that passes takes longer than all comparing.
-- Cost: about 0.1 ms a name, and two insertions into HNSW indexes, which take 3 ms among 770,000 names; into an empty
--   table, as at the upgrade that brings it, some minutes for all.

create or replace function logosim._sketch(pieces text) returns bit
language plpgsql immutable strict parallel safe
set search_path = pg_catalog
as $$
declare
  -- A space on either side of each piece; no triple goes across one.
  given constant bytea := convert_to(' ' || pieces || ' ', 'UTF8');
  beyond constant integer := length(given) - 2;
  nothing constant bit(512) := 0::bit(512);
begin
  return (
    select coalesce(bit_or(set_bit(set_bit(nothing, pair % 512, 1), (pair + third) % 512, 1)), nothing)
      from (select 37 * get_byte(given, place) + 109 * get_byte(given, place + 1) as pair
                 , case when place < beyond and get_byte(given, place + 1) <> 32
                     then 241 * get_byte(given, place + 2) else 0 end as third
              from generate_series(0, beyond) as place) as grams);
end
$$;

comment on function logosim._sketch(text) is
  'Internal: pairs and triples of neighbouring characters of the pieces of a text, hashed to 512 bits';

create or replace function logosim._spelling_sketch(normalised_text text) returns bit
language plpgsql immutable strict parallel safe
set search_path = pg_catalog
as $$
begin
  -- Without its spaces: RIGHT-A-WAY and RIGHTAWAY are spelt alike.
  return logosim._sketch(replace(normalised_text, ' ', ''));
end
$$;

comment on function logosim._spelling_sketch(text) is 'Internal: how a normalised name is spelt, as a bit set';

create or replace function logosim._sound_pieces(phonemes text) returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog
as $$
declare
  segments constant text := 'pbfvwtdθðszʃʒʦʧʤçkgxɣmnɲŋrlʎiɪyeɛøœəɜʌæɑauʊoɔjɥhʔ ';
  fine     constant text := 'ppfffttttsssssssskkkkmnnnrlliiiiiiiaaaaaauuuuii';
  coarse   constant text := 'PPFFFTTTTSSSSSSSSKKKKMNNNRLLAAAAAAAAAAAAAAAAA';
  profile text;
  piece text;
  pieces text[] := '{}';
begin
  foreach profile in array string_to_array(phonemes, '|') loop
    foreach piece in array array[
      translate(profile, segments, fine)
    , regexp_replace(translate(profile, segments, coarse), 'A+', 'A', 'g')]
    loop
      if piece <> '' and piece <> all (pieces) then
        pieces := pieces || piece;
      end if;
    end loop;
  end loop;
  return array_to_string(pieces, ' ');
end
$$;

comment on function logosim._sound_pieces(text) is
  'Internal: a pronunciation in classes of sounds, fine ones in small letters and coarse ones in capitals, every profile that differs';

create or replace function logosim._sound_sketch(phonemes text) returns bit
language plpgsql immutable strict parallel safe
set search_path = pg_catalog
as $$
begin
  return logosim._sketch(logosim._sound_pieces(phonemes));
end
$$;

comment on function logosim._sound_sketch(text) is 'Internal: how a name sounds, as a bit set';

create or replace function logosim._keep_sketches() returns trigger
language plpgsql
set search_path = logosim, public, pg_temp
as $$
begin
  if tg_op = 'UPDATE'
     and (new.normalised_text, new.phonemes, new.source, new.year, new.vienna_codes)
         is not distinct from (old.normalised_text, old.phonemes, old.source, old.year, old.vienna_codes) then
    return null;
  end if;
  if new.normalised_text is null and new.phonemes is null then
    delete from logosim.name_sketch s where s.mark_id = new.mark_id;
    return null;
  end if;
  insert into logosim.name_sketch as s (mark_id, spelling, sound, source, year, vienna_keys)
  values (new.mark_id, logosim._spelling_sketch(new.normalised_text), logosim._sound_sketch(new.phonemes)
        , new.source, new.year, new.vienna_keys)
      on conflict on constraint name_sketch_pkey do update
     set spelling = excluded.spelling
       , sound = excluded.sound
       , source = excluded.source
       , year = excluded.year
       , vienna_keys = excluded.vienna_keys
   where (s.spelling, s.sound, s.source, s.year, s.vienna_keys)
         is distinct from (excluded.spelling, excluded.sound, excluded.source, excluded.year, excluded.vienna_keys);
  return null;
end
$$;

comment on function logosim._keep_sketches() is 'Internal: the trigger that keeps logosim.name_sketch as logosim.mark has the names';

create or replace trigger mark_keep_sketches
  after insert or update of normalised_text, phonemes, source, year, vienna_codes on logosim.mark
  for each row execute function logosim._keep_sketches();

create or replace function logosim._refresh_sketches() returns integer
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
declare
  renewed integer;
  dropped regclass;
  definition text;
  definitions text[] := '{}';
begin
  -- Into an empty table: an HNSW index is built in one go in a fraction of the time that insertions take.
  if not exists (select from logosim.name_sketch) then
    for dropped, definition in
      select i.indexrelid::regclass, pg_get_indexdef(i.indexrelid)
        from pg_index i
        join pg_class c on c.oid = i.indexrelid
        join pg_am a on a.oid = c.relam
       where i.indrelid = 'logosim.name_sketch'::regclass and a.amname = 'hnsw'
    loop
      definitions := definitions || definition;
      execute format('drop index %s', dropped);
    end loop;
  end if;

  insert into logosim.name_sketch as s (mark_id, spelling, sound, source, year, vienna_keys)
  select m.mark_id, logosim._spelling_sketch(m.normalised_text), logosim._sound_sketch(m.phonemes)
       , m.source, m.year, m.vienna_keys
    from logosim.mark m
   where m.normalised_text is not null or m.phonemes is not null
      on conflict on constraint name_sketch_pkey do update
     set spelling = excluded.spelling
       , sound = excluded.sound
       , source = excluded.source
       , year = excluded.year
       , vienna_keys = excluded.vienna_keys
   where (s.spelling, s.sound, s.source, s.year, s.vienna_keys)
         is distinct from (excluded.spelling, excluded.sound, excluded.source, excluded.year, excluded.vienna_keys);
  get diagnostics renewed = row_count;
  foreach definition in array definitions loop
    execute definition;
  end loop;
  return renewed;
end
$$;

comment on function logosim._refresh_sketches() is
  'Internal: sketch all names again, after the way of sketching changed; returns how many differ';
