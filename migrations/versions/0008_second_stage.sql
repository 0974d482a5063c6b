create table logosim.segment (
    segment      text       not null
  , code         integer    not null
  , vowel        integer    not null
  , differences  integer[]  not null
  , constraint segment_pkey primary key (segment)
  , constraint segment_code_key unique (code)
);

comment on table logosim.segment is 'Sounds that logosim.aline_similarity compares, with what it costs to take one for another; loaded at each upgrade';
comment on column logosim.segment.segment is 'One character of IPA';
comment on column logosim.segment.code is 'Number of the sound, from 1';
comment on column logosim.segment.vowel is 'What an alignment of it costs because it is a vowel or glide, 0 of a consonant; times 2';
comment on column logosim.segment.differences is 'How different it is from each sound, in the order of the codes; times 2';

create table logosim.generic_word (
    word  text collate "C"  not null
  , kind  text              not null
  , constraint generic_word_pkey primary key (word)
);

comment on table logosim.generic_word is 'Words of names that distinguish nothing in any register; loaded at each upgrade';
comment on column logosim.generic_word.word is 'Word of a normalised name';
comment on column logosim.generic_word.kind is 'What kind of word it is, such as legal form';

create table logosim.calibration (
    model     text              not null
  , channel   text              not null
  , value     double precision  not null
  , evidence  double precision  not null
  , constraint calibration_pkey primary key (model, channel, value)
  , constraint calibration_channel_check check (channel in ('look', 'shape', 'sound', 'spelling', 'vienna'))
  , constraint calibration_value_check check (value between 0 and 1)
);

comment on table logosim.calibration is 'What likeness is worth as evidence: the knots of a curve for each channel, straight between them and level outside; loaded at each upgrade, from LOGOSIM_CALIBRATION if that is set';
comment on column logosim.calibration.model is 'Name of the model that the curve holds for; empty: of any that has none of its own';
comment on column logosim.calibration.channel is 'look, shape, sound, spelling or vienna';
comment on column logosim.calibration.value is 'Value of the channel, 0 to 1';
comment on column logosim.calibration.evidence is 'What the value adds to the log odds of a confusion, nats; negative: it speaks against one';
