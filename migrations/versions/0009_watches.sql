-- Purpose: searches that are asked again and again, and what they have reported. Written by logosim.save_watch,
-- logosim.run_watch and logosim.drop_watch.

create table logosim.watch (
    watch_id    bigint      not null generated always as identity
  , name        text        not null
  , asked       uuid
  , asked_text  text
  , settings    jsonb       not null default '{}'
  , threshold   double precision not null
  , saved_by    text        not null default session_user
  , created_at  timestamptz not null default now()
  , tried_at    timestamptz
  , ran_at      timestamptz
  , runs        integer     not null default 0
  , complete    boolean
  , last_error  text
  , constraint watch_pkey primary key (watch_id)
  , constraint watch_name_key unique (name)
  , constraint watch_name_check check (name <> '')
  , constraint watch_asked_check check (num_nonnulls(asked, asked_text) = 1)
  , constraint watch_threshold_check check (threshold between 0 and 1)
);

comment on table logosim.watch is 'Saved searches: what each asks, and how its last run went; logosim.watches is made for reading';
comment on column logosim.watch.watch_id is 'Number of the watch';
comment on column logosim.watch.name is 'Name it is run and dropped by';
comment on column logosim.watch.asked is 'Mark that is watched, or handle of a picture of its own in query_picture, which does not expire; null: a name is watched';
comment on column logosim.watch.asked_text is 'Name that is watched; null: a mark or picture is';
comment on column logosim.watch.settings is 'Filters and weights of the search by the names of its parameters; weights of 1 are left out';
comment on column logosim.watch.threshold is 'Least score that is reported, 0..1';
comment on column logosim.watch.saved_by is 'Login role that saved it; others may read it';
comment on column logosim.watch.created_at is 'When it was saved';
comment on column logosim.watch.tried_at is 'When it was last run, with or without success';
comment on column logosim.watch.ran_at is 'When it was last run with success; null before the first time';
comment on column logosim.watch.runs is 'How often it was run with success';
comment on column logosim.watch.complete is 'Whether the last run cut none off: false where 1000 marks reached the threshold, as many as a search gives';
comment on column logosim.watch.last_error is 'Why the last run failed; null where it did not';

create table logosim.watch_hit (
    hit_id       bigint           not null generated always as identity
  , watch_id     bigint           not null
  , mark_id      uuid             not null
  , reported_as  text             not null
  , run          integer          not null
  , reported_at  timestamptz      not null default now()
  , score        double precision not null
  , risk         text             not null
  , found_by     text[]           not null
  , look         real
  , shape        real
  , sound        real
  , spelling     real
  , vienna       real
  , again        boolean          not null
  , constraint watch_hit_pkey primary key (hit_id)
  , constraint watch_hit_once_key unique (watch_id, mark_id, reported_as)
  , constraint watch_hit_watch_id_fkey foreign key (watch_id) references logosim.watch (watch_id) on delete cascade
  , constraint watch_hit_mark_id_fkey foreign key (mark_id) references logosim.mark (mark_id) on delete cascade
  , constraint watch_hit_run_check check (run >= 0)
);

create index watch_hit_mark_id_idx on logosim.watch_hit (mark_id);
create index watch_hit_run_idx on logosim.watch_hit (watch_id, run);

comment on table logosim.watch_hit is 'What watches have reported, each mark once for each state of its picture and name';
comment on column logosim.watch_hit.hit_id is 'Number of the report, in order';
comment on column logosim.watch_hit.watch_id is 'Watch that reported it';
comment on column logosim.watch_hit.mark_id is 'Mark that reached the threshold';
comment on column logosim.watch_hit.reported_as is 'Digest of the picture and the name that it had then, by logosim._mark_state';
comment on column logosim.watch_hit.run is 'Run of the watch that reported it, from 1; 0: it was there when the watch was saved, and counts as known';
comment on column logosim.watch_hit.reported_at is 'When that was';
comment on column logosim.watch_hit.score is 'Score it had then, the probability of a confusion, 0..1';
comment on column logosim.watch_hit.risk is 'Its risk: identical, high, medium or low';
comment on column logosim.watch_hit.found_by is 'Channels that found it';
comment on column logosim.watch_hit.look is 'How alike the pictures look, 0..1; null where they were not compared';
comment on column logosim.watch_hit.shape is 'How much of the figure is found in the other, 0..1; null where they were not compared';
comment on column logosim.watch_hit.sound is 'How alike the names sound, 0..1; null where they were not compared';
comment on column logosim.watch_hit.spelling is 'How alike the names are written, 0..1; null where they were not compared';
comment on column logosim.watch_hit.vienna is 'How much the Vienna codes overlap, 0..1; null where they were not compared';
comment on column logosim.watch_hit.again is 'Whether the mark was reported before, with another picture or name';
