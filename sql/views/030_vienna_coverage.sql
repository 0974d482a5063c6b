-- Purpose: how many marks carry each Vienna division. Callers: analysts. Cost: one scan of logosim.mark.

create or replace view logosim.vienna_coverage as
select d.code
     , v.label
     , d.marks
     , round(100.0 * d.marks / nullif((select count(*) from logosim.mark), 0), 2) as percent
  from (select division as code, count(*) as marks
          from logosim.mark m
         cross join unnest(m.vienna_divisions) as division
         group by division) d
  left join logosim.vienna v on v.code = d.code;

comment on view logosim.vienna_coverage is 'Marks by Vienna division';
comment on column logosim.vienna_coverage.code is 'Division, such as 26.04';
comment on column logosim.vienna_coverage.label is 'What it stands for; null outside the classification';
comment on column logosim.vienna_coverage.marks is 'How many marks carry it';
comment on column logosim.vienna_coverage.percent is 'Of all marks, in percent';
