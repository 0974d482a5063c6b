-- Purpose: how many marks each year has, and what is known of them. Callers: analysts. Cost: one scan of logosim.mark
-- and one of the key of logosim.mark_features.

create or replace view logosim.year_coverage as
select m.year
     , count(*) as marks
     , count(m.brand_text) as with_text
     , count(*) filter (where cardinality(m.vienna_codes) > 0) as with_codes
     , count(f.mark_id) as looked_at
     , round(100.0 * count(*) / sum(count(*)) over (), 2) as percent
  from logosim.mark m
  left join logosim.mark_features f
    on f.mark_id = m.mark_id
   and f.model_id = (select a.model_id from logosim.model a where a.active)
 group by m.year;

comment on view logosim.year_coverage is 'Marks by year, in one row each';
comment on column logosim.year_coverage.year is 'Year of the marks; null: unknown';
comment on column logosim.year_coverage.marks is 'How many marks there are of it';
comment on column logosim.year_coverage.with_text is 'Those with a verbal element';
comment on column logosim.year_coverage.with_codes is 'Those with Vienna codes';
comment on column logosim.year_coverage.looked_at is 'Those whose picture the active model has looked at';
comment on column logosim.year_coverage.percent is 'Share of all marks, in percent';
