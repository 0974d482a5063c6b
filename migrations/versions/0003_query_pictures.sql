-- Purpose: pictures that are asked about and are no marks. A picture has a row of query_picture, and each part of it
-- that is searched a row of query_region, as has each separate figure of such a part: written by
-- logosim.remember_picture, read by logosim.similar_to.

create table logosim.query_picture (
    handle          uuid        not null default gen_random_uuid()
  , model_id        smallint    not null
  , picture_sha256  text        not null
  , picture         bytea
  , vienna_codes    text[]      not null default '{}'
  , created_at      timestamptz not null default now()
  , expires_at      timestamptz not null
  , constraint query_picture_pkey primary key (handle)
  , constraint query_picture_model_id_fkey foreign key (model_id) references logosim.model (model_id)
  , constraint query_picture_picture_sha256_check check (picture_sha256 ~ '^[0-9a-f]{64}$')
  , constraint query_picture_expires_at_check check (expires_at > created_at)
);

-- Picture files are compressed already.
alter table logosim.query_picture alter column picture set storage external;
create index query_picture_expires_at_idx on logosim.query_picture (expires_at);

comment on table logosim.query_picture is 'Pictures that are asked about, each under a handle until it expires; no search finds them';
comment on column logosim.query_picture.handle is 'What the picture is asked about by: random, so that it cannot be guessed';
comment on column logosim.query_picture.model_id is 'Model that its regions were or will be looked at with';
comment on column logosim.query_picture.picture_sha256 is 'SHA-256 of the picture file, hexadecimal, lower case';
comment on column logosim.query_picture.picture is 'The picture file, for drawings; null where it was not kept';
comment on column logosim.query_picture.vienna_codes is 'Vienna codes of the picture itself, zero-padded';
comment on column logosim.query_picture.created_at is 'When it was handed in';
comment on column logosim.query_picture.expires_at is 'From when on the handle is refused; the row goes when the next picture is remembered';

create table logosim.query_region (
    handle         uuid           not null
  , region_number  smallint       not null
  , figure_number  smallint       not null default 0
  , region_left    integer        not null
  , region_top     integer        not null
  , region_width   integer        not null
  , region_height  integer        not null
  , brand_text     text
  , embedding      public.halfvec not null
  , patches        bytea          not null
  , constraint query_region_pkey primary key (handle, region_number, figure_number)
  , constraint query_region_handle_fkey foreign key (handle) references logosim.query_picture (handle) on delete cascade
  , constraint query_region_region_number_check check (region_number >= 0)
  , constraint query_region_figure_number_check check (figure_number >= 0)
  , constraint query_region_rectangle_check check (region_left >= 0 and region_top >= 0 and region_width > 0 and region_height > 0)
  , constraint query_region_brand_text_check check (brand_text <> '')
);

comment on table logosim.query_region is 'What is searched of a picture that is asked about: the whole, or regions of it, one row each, and one for each separate figure in it';
comment on column logosim.query_region.handle is 'Picture it is part of';
comment on column logosim.query_region.region_number is 'Number of the region as asked, from 1; 0: the whole picture';
comment on column logosim.query_region.figure_number is 'Number of a separate figure of the region, from 1; 0: the region itself';
comment on column logosim.query_region.region_left is 'Left edge, pixels from that of the picture; 0 of the whole. Of a figure, as the picture was read: without its margin, shrunk';
comment on column logosim.query_region.region_top is 'Upper edge, in the same way';
comment on column logosim.query_region.region_width is 'Width, pixels';
comment on column logosim.query_region.region_height is 'Height, pixels';
comment on column logosim.query_region.brand_text is 'Name that is compared, given or read in the region; null: none, as of figures';
comment on column logosim.query_region.embedding is 'Embedding of the region or figure: unit length, compared by cosine distance';
comment on column logosim.query_region.patches is 'Patch vectors, as in mark_features';
