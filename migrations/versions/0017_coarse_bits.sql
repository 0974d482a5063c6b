-- Purpose: the short rows of mark_coarse carry their Vienna codes as numbers of one length in place of an array: reading them
--   takes less time. Writing them anew takes minutes for hundreds of thousands of marks.
--   Functions of searches by look take their filter as text with its values in it, no longer each of its values.

-- Nobody may write what is copied until the triggers are anew, which is in this transaction too.
lock table logosim.mark_look in share row exclusive mode;

create or replace function logosim._coarse_codes() returns integer[]
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  select array[
    101, 10101, 10103, 10105, 10107, 10111, 10113, 10115, 10117, 102, 10201, 10203, 10205, 10207, 10209, 103, 10301,
    10302, 10303, 10304, 10305, 10306, 10307, 10309, 10311, 10313, 10315, 10317, 104, 10401, 10402, 10403, 10405, 10407,
    105, 10501, 10503, 10505, 10507, 10509, 10511, 10513, 106, 10601, 10603, 10606, 10607, 10619, 107, 10701, 10703,
    10705, 10711, 10715, 108, 10801, 10803, 10805, 10807, 109, 10901, 10903, 10905, 10907, 10909, 110, 11001, 11003,
    11005, 111, 11101, 11103, 11107, 112, 11201, 11203, 113, 11301, 11303, 114, 11401, 11403, 11405, 11407, 11409, 11411,
    115, 11501, 11503, 11505, 11507, 11509, 116, 11601, 11603, 117, 11701, 11702, 11703, 11705, 118, 11801, 11802, 11803,
    11804, 11805, 11807, 119, 11901, 11903, 11907, 11908, 11909, 11910, 11911, 11913, 11919, 120, 12001, 12005, 12007,
    121, 12101, 12103, 122, 12201, 12203, 12205, 123, 12301, 12303, 12305, 124, 12401, 12403, 12405, 12407, 12409, 12411,
    12413, 12415, 12417, 125, 12501, 12503, 12505, 12507, 12512, 126, 12601, 12602, 12603, 12604, 12605, 12607, 12611,
    12613, 12615, 12699, 127, 12701, 12703, 12705, 12707, 12799, 128, 12801, 12803, 12805, 12807, 12809, 12811, 12817,
    12819, 129, 12901, 198, 19801, 19802, 19803, 19804, 19805, 19806, 19807, 19808, 19809, 19810, 199, 19999
  ]
$$;

comment on function logosim._coarse_codes() is
  'Internal: the Vienna codes that have a bit in mark_coarse, as numbers, by its place: categories and divisions of the classification, and those that the EUIPO adds';

create or replace function logosim._coarse_bits(numbers integer[]) returns bigint[]
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  select array_agg(coalesce(b.bits, 0) order by w.word)
    from generate_series(1, 3) as w (word)
    left join (select (k.place + 63) / 64 as word, bit_or(1::bigint << ((k.place - 1) % 64)::integer) as bits
                 from unnest(logosim._coarse_codes()) with ordinality as k (number, place)
                where k.number = any (numbers)
                group by 1) b using (word)
$$;

comment on function logosim._coarse_bits(integer[]) is
  'Internal: of Vienna codes, as numbers, those that have a bit in mark_coarse: three numbers of 64 bits';

create or replace function logosim._coarse_section(number integer) returns smallint
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  select (100 * array_position(logosim._coarse_codes(), number / 100) + number % 100)::smallint where number >= 1000000
$$;

comment on function logosim._coarse_section(integer) is
  'Internal: a section, as a number, in two bytes: place of its division among those that have a bit, and its own two digits; null for what is no section, or of no such division';

create or replace function logosim._coarse_sections(numbers integer[]) returns smallint[]
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  select c.codes[1 : 5] || case when c.are_all then c.codes[6] else -1::smallint end
    from (select array_remove(array_agg(s.code), null) || array_fill(0::smallint, array[6]) as codes
               , count(*) = least(count(s.code), 6) as are_all
            from unnest(numbers) as n
           cross join lateral (select logosim._coarse_section(n) as code) s
           where n <> all (logosim._coarse_codes())) c
$$;

comment on function logosim._coarse_sections(integer[]) is
  'Internal: of Vienna codes, as numbers, six sections for mark_coarse; 0: none; the sixth is -1 where mark_look has more codes than six sections and what has a bit';

drop table if exists logosim.mark_coarse;

-- Of one model all columns but the last have one length, so that most rows have.
-- Numbers in front are read without looking at the others.
create table logosim.mark_coarse (
    codes_1    bigint         not null
  , codes_2    bigint         not null
  , codes_3    bigint         not null
  , model_id   smallint       not null
  , year       smallint
  , has_text   boolean        not null
  , prefix     public.halfvec not null
  , mark_id    uuid           not null
  , look_at    tid            not null
  , section_1  smallint       not null
  , section_2  smallint       not null
  , section_3  smallint       not null
  , section_4  smallint       not null
  , section_5  smallint       not null
  , section_6  smallint       not null
  , source     text           not null
);

comment on table logosim.mark_coarse is 'What a first look at all marks reads: the beginnings of the embeddings of mark_look beside what filters ask about, in short rows; what comes out near is compared again by the whole embedding. Triggers keep it in step';
comment on column logosim.mark_coarse.codes_1 is 'Vienna categories and divisions of the mark, one bit each, by logosim._coarse_bits';
comment on column logosim.mark_coarse.codes_2 is 'As codes_1';
comment on column logosim.mark_coarse.codes_3 is 'As codes_1';
comment on column logosim.mark_coarse.model_id is 'As in mark_look';
comment on column logosim.mark_coarse.year is 'As in mark';
comment on column logosim.mark_coarse.has_text is 'As in mark_look';
comment on column logosim.mark_coarse.prefix is 'First dimensions of the embedding at unit length, by logosim._coarse';
comment on column logosim.mark_coarse.mark_id is 'As in mark_look';
comment on column logosim.mark_coarse.look_at is 'Where the row of mark_look was when this one was written; a hint, for rows move: whoever follows it looks whether it is the same mark';
comment on column logosim.mark_coarse.section_1 is 'A Vienna section of the mark, by logosim._coarse_sections; 0: none';
comment on column logosim.mark_coarse.section_2 is 'As section_1';
comment on column logosim.mark_coarse.section_3 is 'As section_1';
comment on column logosim.mark_coarse.section_4 is 'As section_1';
comment on column logosim.mark_coarse.section_5 is 'As section_1';
comment on column logosim.mark_coarse.section_6 is 'As section_1; -1: the mark has more codes, which mark_look tells';
comment on column logosim.mark_coarse.source is 'As in mark_look';

insert into logosim.mark_coarse
select b.codes[1], b.codes[2], b.codes[3], l.model_id, l.year, l.has_text, logosim._coarse(l.embedding), l.mark_id, l.ctid
     , s.codes[1], s.codes[2], s.codes[3], s.codes[4], s.codes[5], s.codes[6], l.source
  from logosim.mark_look l
 cross join logosim._coarse_bits(l.vienna_numbers) as b (codes)
 cross join logosim._coarse_sections(l.vienna_numbers) as s (codes);

alter table logosim.mark_coarse
  add constraint mark_coarse_pkey primary key (model_id, mark_id)
, add constraint mark_coarse_look_fkey foreign key (model_id, mark_id)
    references logosim.mark_look (model_id, mark_id) on delete cascade;

analyze logosim.mark_coarse;

-- What is near is compared in one go. The others take the values of the filter.
drop function if exists logosim._compared_whole(logosim.model, public.halfvec, uuid[], tid[], real[], real, integer, integer);
drop function if exists logosim._expected(text, integer[], integer[], integer[], integer, integer, text[], uuid);
drop function if exists logosim._near_share(
  logosim.model, public.halfvec, text, text, integer[], integer[], integer[], integer, integer, text[], uuid);
drop function if exists logosim._look_along_part(
  text, public.halfvec, integer[], integer[], integer[], integer, integer, text[], uuid);
drop function if exists logosim._look_along_index(
  logosim.model, public.halfvec[], integer[], integer[], double precision[], integer[], text
, integer[], integer[], integer[], integer, integer, text[], uuid);
drop function if exists logosim._look_exactly(
  logosim.model, public.halfvec[], integer[], integer[], text
, integer[], integer[], integer[], integer, integer, text[], uuid, boolean, boolean);
drop function if exists logosim._look_coarsely(
  logosim.model, public.halfvec[], integer[], integer[], text
, integer[], integer[], integer[], integer, integer, text[], uuid);
drop function if exists logosim._coarse_near(
  logosim.model, public.halfvec[], real[], integer[], text, integer[], integer[], integer[], integer, integer, text[], uuid);
drop function if exists logosim._coarse_within(
  logosim.model, public.halfvec[], integer[], text, integer[], integer[], integer[], integer, integer, text[], uuid);
