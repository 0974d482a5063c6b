-- Purpose: marks as a person reads them. Callers: analysts. Cost: microseconds a mark; filter by mark_id or source.

create or replace view logosim.mark_overview as
select m.mark_id
     , m.source
     , m.file
     , m.brand_text
     , m.year
     , m.vienna_codes
     , array(
         select v.code || ' ' || v.label
           from unnest(m.vienna_keys) as key
           join logosim.vienna v on v.code = key
          where v.level <> 'category'
          order by v.code) as vienna_labels
     , m.picture_location
     , m.picture_width
     , m.picture_height
     , exists (
         select
           from logosim.mark_features f
           join logosim.model a on a.model_id = f.model_id and a.active
          where f.mark_id = m.mark_id) as has_features
     , m.updated_at
  from logosim.mark m;

comment on view logosim.mark_overview is 'Marks with their Vienna codes in words';
comment on column logosim.mark_overview.mark_id is 'Stable id of the mark';
comment on column logosim.mark_overview.source is 'Data set or register';
comment on column logosim.mark_overview.file is 'Picture file name within the source';
comment on column logosim.mark_overview.brand_text is 'Verbal element; null where there is none';
comment on column logosim.mark_overview.year is 'Year of the mark';
comment on column logosim.mark_overview.vienna_codes is 'Vienna codes as recorded';
comment on column logosim.mark_overview.vienna_labels is 'Divisions and sections of the codes with their headings, as far as they are known';
comment on column logosim.mark_overview.picture_location is 'Path of the picture file';
comment on column logosim.mark_overview.picture_width is 'Pixels; null until a worker has seen it';
comment on column logosim.mark_overview.picture_height is 'Pixels; null until a worker has seen it';
comment on column logosim.mark_overview.has_features is 'Whether the active model has looked at the picture';
comment on column logosim.mark_overview.updated_at is 'When record or picture last changed';
