-- Purpose: codes of marks in words, one row each, to count and to filter by. Callers: analysts. Cost: a few look-ups in
-- a small table a code; filter by mark_id, source or code.

create or replace view logosim.mark_vienna as
select m.mark_id
     , m.source
     , m.file
     , m.brand_text
     , m.year
     , c.code
     , own.label as heading
     , case when length(c.code) >= 5 then left(c.code, 5) end as division
     , division.label as division_heading
     , left(c.code, 2) as category
     , category.label as category_heading
  from logosim.mark m
 cross join unnest(m.vienna_codes) as c (code)
  left join logosim.vienna own on own.code = c.code
  left join logosim.vienna division on division.code = left(c.code, 5) and division.level = 'division'
  left join logosim.vienna category on category.code = left(c.code, 2);

comment on view logosim.mark_vienna is 'Vienna codes of marks with their headings, one row for each code of a mark';
comment on column logosim.mark_vienna.mark_id is 'Stable id of the mark';
comment on column logosim.mark_vienna.source is 'Data set or register';
comment on column logosim.mark_vienna.file is 'Picture file name within the source';
comment on column logosim.mark_vienna.brand_text is 'Verbal element; null where there is none';
comment on column logosim.mark_vienna.year is 'Year of the mark';
comment on column logosim.mark_vienna.code is 'Vienna code as recorded, zero-padded';
comment on column logosim.mark_vienna.heading is 'What it stands for; null where no heading is known';
comment on column logosim.mark_vienna.division is 'Division of the code; null where it is a category itself';
comment on column logosim.mark_vienna.division_heading is 'What the division stands for; null outside the classification';
comment on column logosim.mark_vienna.category is 'Category of the code';
comment on column logosim.mark_vienna.category_heading is 'What the category stands for; null outside the classification';
