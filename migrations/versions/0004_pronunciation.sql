create table logosim.pronunciation (
    only_row    boolean      not null default true
  , engine      text         not null
  , complete    boolean      not null
  , reached     uuid
  , changed_at  timestamptz  not null default now()
  , constraint pronunciation_pkey primary key (only_row)
  , constraint pronunciation_complete_check check (not complete or reached is null)
  , constraint pronunciation_engine_check check (engine <> '')
  , constraint pronunciation_only_row_check check (only_row)
);

comment on table logosim.pronunciation is 'Which engine pronounced the names of logosim.mark, for sounds of two cannot be compared; one row';
comment on column logosim.pronunciation.only_row is 'True, so that there is no second row';
comment on column logosim.pronunciation.engine is 'Engine of all pronunciations, or the one that is being gone over to: rules (logosim.phonemes), or name and version of another';
comment on column logosim.pronunciation.complete is 'False while names of an earlier engine, or of earlier rules, are left; sounds are not compared then';
comment on column logosim.pronunciation.reached is 'Last mark that was gone over, in order of ids; null before the first';
comment on column logosim.pronunciation.changed_at is 'When the row last changed';

insert into logosim.pronunciation (engine, complete) values ('rules', true);

alter table logosim.mark_staging add column phoneme_engine text;

comment on column logosim.mark_staging.phoneme_engine is 'Engine that made the pronunciations; null: the rules, of the client or of logosim.merge_marks';
comment on column logosim.mark.phonemes is 'Brand text in IPA by profile, joined by |, as the engine of logosim.pronunciation says it';
