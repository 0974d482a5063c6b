-- Purpose: logosim.mark_look is a copy of what searches by look read; these triggers write it whenever its sources are
--   written, in the same transaction and whoever writes them. Deleted features take their rows along (foreign key).
-- Callers: the triggers. merge_marks and finish_work lock the marks they write, so that neither misses the other.
-- Cost: a row for each embedding written, and for each mark whose year, text, source or codes change.

create or replace function logosim._vienna_numbers(codes text[]) returns integer[]
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  select array_agg(('1' || replace(code, '.', ''))::integer order by place)
    from unnest(codes) with ordinality as given (code, place)
$$;

comment on function logosim._vienna_numbers(text[]) is
  'Internal: canonical Vienna codes as numbers, which are compared faster: 1 and the digits (27.05 -> 12705); null for no codes';

create or replace function logosim._look_follows_features() returns trigger
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
begin
  insert into logosim.mark_look as l (model_id, has_text, year, mark_id, embedding, source, vienna_numbers)
  select w.model_id, m.brand_text is not null, m.year, w.mark_id, w.embedding, m.source
       , coalesce(logosim._vienna_numbers(m.vienna_keys), '{}')
    from written w
    join logosim.mark m on m.mark_id = w.mark_id
      on conflict on constraint mark_look_pkey do update
     set has_text = excluded.has_text
       , year = excluded.year
       , embedding = excluded.embedding
       , source = excluded.source
       , vienna_numbers = excluded.vienna_numbers
   where (l.has_text, l.year, l.source, l.vienna_numbers)
         is distinct from (excluded.has_text, excluded.year, excluded.source, excluded.vienna_numbers)
      or l.embedding <> excluded.embedding;
  return null;
end
$$;

comment on function logosim._look_follows_features() is 'Internal: trigger of mark_features';

create or replace function logosim._look_follows_marks() returns trigger
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
begin
  update logosim.mark_look l
     set has_text = w.brand_text is not null
       , year = w.year
       , source = w.source
       , vienna_numbers = coalesce(logosim._vienna_numbers(w.vienna_keys), '{}')
    from written w
    join replaced r on r.mark_id = w.mark_id
   where (w.brand_text is null, w.year, w.source, w.vienna_codes)
         is distinct from (r.brand_text is null, r.year, r.source, r.vienna_codes)
     and l.mark_id = w.mark_id
     and l.model_id in (select m.model_id from logosim.model m);
  return null;
end
$$;

comment on function logosim._look_follows_marks() is 'Internal: trigger of mark';

create or replace trigger mark_features_look_insert
after insert on logosim.mark_features
referencing new table as written
for each statement execute function logosim._look_follows_features();

create or replace trigger mark_features_look_update
after update on logosim.mark_features
referencing new table as written
for each statement execute function logosim._look_follows_features();

create or replace trigger mark_look_update
after update on logosim.mark
referencing old table as replaced new table as written
for each statement execute function logosim._look_follows_marks();

comment on trigger mark_features_look_insert on logosim.mark_features is 'Keeps mark_look in step';
comment on trigger mark_features_look_update on logosim.mark_features is 'Keeps mark_look in step';
comment on trigger mark_look_update on logosim.mark is 'Keeps mark_look in step';
