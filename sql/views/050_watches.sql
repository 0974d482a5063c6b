-- Purpose: saved searches and how they go, as a person reads them. Callers: analysts, logosim watch list. Cost: one
-- look-up a watch and a count of its reports.

create or replace view logosim.watches as
select w.name
     , case
         when w.asked_text is not null then 'name'
         when exists (select from logosim.mark m where m.mark_id = w.asked) then 'mark'
         else 'picture'
       end as watched
     , w.asked
     , coalesce(w.asked_text, m.brand_text) as brand_text
     , w.threshold
     , w.settings
     , w.saved_by
     , w.created_at
     , w.ran_at
     , w.runs
     , h.known
     , h.reported
     , h.last_reported_at
     , w.complete
     , w.last_error
  from logosim.watch w
  left join logosim.mark m on m.mark_id = w.asked
 cross join lateral (
         select count(*) filter (where h.run = 0) as known
              , count(*) filter (where h.run > 0) as reported
              , max(h.reported_at) filter (where h.run > 0) as last_reported_at
           from logosim.watch_hit h
          where h.watch_id = w.watch_id) h;

comment on view logosim.watches is 'Saved searches, in one row each; logosim.watch_hit has what they reported';
comment on column logosim.watches.name is 'Name it is run and dropped by';
comment on column logosim.watches.watched is 'What is watched: mark, picture or name';
comment on column logosim.watches.asked is 'Mark, or handle of the copy of a picture; null where a name is watched';
comment on column logosim.watches.brand_text is 'Name that is watched, or that the mark has; null where there is none';
comment on column logosim.watches.threshold is 'Least score that is reported, 0..1';
comment on column logosim.watches.settings is 'Filters and weights of the search by the names of its parameters; weights of 1 are left out';
comment on column logosim.watches.saved_by is 'Login role that saved it';
comment on column logosim.watches.created_at is 'When it was saved';
comment on column logosim.watches.ran_at is 'When it was last run with success; null before the first time';
comment on column logosim.watches.runs is 'How often it was run with success';
comment on column logosim.watches.known is 'Marks that counted as known when it was saved';
comment on column logosim.watches.reported is 'What it has reported';
comment on column logosim.watches.last_reported_at is 'When it last reported something';
comment on column logosim.watches.complete is 'Whether the last run cut none off; false where 1000 marks reached the threshold, as many as a search gives: raise it or filter more narrowly';
comment on column logosim.watches.last_error is 'Why the last run failed; null where it did not';
