-- Purpose: how often words stand in the names of the register, so that a generic word weighs less than a rare one.
-- Callers: logosim/store/ingest.py after every batch, the upgrade, logosim/store/search.py, analysts.
-- Cost: word_counts one index look-up a word; count_words reads all names, and rewrites the counts that changed.

create or replace function logosim.count_words(tolerance double precision default 0) returns integer
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
set jit = off
set work_mem = '64MB'
as $$
declare
  changed bigint;
  counted integer;
begin
  -- One count at a time. Nothing else is locked that an ingest or a worker waits for, and this is a transaction's last
  -- lock; who waited here counts what the other could not see yet.
  perform pg_advisory_xact_lock(hashtext('logosim.count_words'));

  select coalesce(sum(b.inserted_count::bigint + b.updated_count), 0) into changed from logosim.ingest_batch b;
  if tolerance > 0
     and exists (select from logosim.word_census c where changed - c.changes <= tolerance * c.names) then
    return null;
  end if;

  with counted_words as materialized (
    select w.word
         , count(*)::integer as marks
      from logosim.mark m
     cross join lateral (select distinct p.word from string_to_table(m.normalised_text, ' ') as p (word)) w
     group by w.word
  )
  , gone as (
    delete from logosim.word w
     where not exists (select from counted_words c where c.word = w.word)
  )
  insert into logosim.word as w (word, marks)
  select c.word, c.marks
    from counted_words c
      on conflict on constraint word_pkey do update
     set marks = excluded.marks
   where w.marks <> excluded.marks;
  get diagnostics counted = row_count;

  insert into logosim.word_census as c (names, changes)
  select count(m.normalised_text), changed
    from logosim.mark m
      on conflict on constraint word_census_pkey do update
     set names = excluded.names
       , changes = excluded.changes
       , counted_at = now();
  return counted;
end
$$;

comment on function logosim.count_words(double precision) is
  'Count anew in how many names each word stands; returns how many words are new or have another count. With a tolerance nothing is done, and null returned, while batches since the last count took in at most that share of the names';

create or replace function logosim.word_counts(words text[]) returns table (
    word   text
  , marks  integer
  , names  integer
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  all_names constant integer := coalesce((select c.names from logosim.word_census c), 0);
begin
  return query
  select asked.word, coalesce(w.marks, 0), all_names
    from unnest(words) with ordinality as asked (word, place)
    left join logosim.word w on w.word = asked.word
   order by asked.place;
end
$$;

comment on function logosim.word_counts(text[]) is
  'In how many names of the register each of these words of normalised names stands, and how many names there are';
