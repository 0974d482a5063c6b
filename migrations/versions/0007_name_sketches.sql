-- Purpose: names as bit sets with an index for the nearest, and what finds a name by its words. The trigger that fills
-- the table stands in sql/functions/023_name_sketches.sql; the upgrade then sketches the names that are there already.

create table logosim.name_sketch (
    mark_id      uuid      not null
  , spelling     bit(512)
  , sound        bit(512)
  , source       text      not null
  , year         smallint
  , vienna_keys  text[]    not null
  , constraint name_sketch_pkey primary key (mark_id)
  , constraint name_sketch_mark_id_fkey foreign key (mark_id) references logosim.mark (mark_id) on delete cascade
);

create index name_sketch_spelling_idx on logosim.name_sketch using hnsw (spelling public.bit_jaccard_ops);
create index name_sketch_sound_idx on logosim.name_sketch using hnsw (sound public.bit_jaccard_ops);
create index name_sketch_vienna_keys_idx on logosim.name_sketch using gin (vienna_keys) with (fastupdate = off);
create index name_sketch_year_idx on logosim.name_sketch (year);

comment on table logosim.name_sketch is 'Names of marks as bit sets, of which the nearest can be found, beside what filters ask about; kept by a trigger on logosim.mark, one row each';
comment on column logosim.name_sketch.mark_id is 'Mark whose name it is';
comment on column logosim.name_sketch.spelling is 'Pairs and triples of neighbouring letters of the normalised name, hashed; compared by Jaccard distance';
comment on column logosim.name_sketch.sound is 'The same of its pronunciations in classes of sounds; null where nothing in it is pronounceable';
comment on column logosim.name_sketch.source is 'As in mark';
comment on column logosim.name_sketch.year is 'As in mark';
comment on column logosim.name_sketch.vienna_keys is 'As in mark';

-- Trigrams of whole names took up to a second a query among 770,000, and found nothing that is alike by less than 0.3.
drop index logosim.mark_normalised_text_idx;
drop index logosim.mark_phonemes_idx;

create index mark_name_idx on logosim.mark using hash (normalised_text);
-- Without a list of pending entries, which each of the some thirty look-ups of a search would read through.
create index mark_words_idx on logosim.mark using gin (string_to_array(normalised_text, ' ')) with (fastupdate = off);
create index word_trigrams_idx on logosim.word using gin (word public.gin_trgm_ops) with (fastupdate = off);
