-- Purpose: several models side by side, each kept up with new pictures from its backfill on; and the requests of SQL
-- clients that have a picture looked at by a worker (logosim.embed_picture).

alter table logosim.model add column fed boolean not null default false;
update logosim.model set fed = active;
alter table logosim.model add constraint model_fed_check check (fed or not active);

comment on column logosim.model.fed is 'Whether new and changed pictures are queued for it: from the beginning of its backfill until it is dropped, so that one can go back to it';
comment on table logosim.mark_features is 'What a model saw in a mark''s picture; indexes per model are made by logosim._make_model_indexes';

-- Requests are answered within seconds or given up: they need not survive a crash.
create unlogged table logosim.picture_request (
    request       uuid        not null default gen_random_uuid()
  , asked_by      text        not null default session_user
  , picture       bytea
  , brand_text    text
  , vienna_codes  text[]      not null default '{}'
  , regions       integer[]
  , keep_for      interval    not null
  , state         text        not null default 'queued'
  , attempts      integer     not null default 0
  , lease_token   uuid
  , lease_owner   text
  , lease_until   timestamptz
  , handle        uuid
  , error_code    text
  , error         text
  , hint          text
  , requested_at  timestamptz not null default now()
  , expires_at    timestamptz not null
  , constraint picture_request_pkey primary key (request)
  , constraint picture_request_state_check check (state in ('queued', 'leased', 'done', 'refused'))
  , constraint picture_request_lease_check check ((state = 'leased') = (lease_token is not null and lease_until is not null))
  , constraint picture_request_answer_check check ((state = 'done') = (handle is not null) and (state = 'refused') = (error is not null and error_code is not null))
  , constraint picture_request_picture_check check ((state in ('queued', 'leased')) = (picture is not null))
);

-- Picture files are compressed already.
alter table logosim.picture_request alter column picture set storage external;
create index picture_request_waiting_idx on logosim.picture_request (requested_at) where picture is not null;

comment on table logosim.picture_request is 'Pictures that SQL clients have handed in for a worker to look at, until it has, or they expire; emptied by a crash';
comment on column logosim.picture_request.request is 'What the answer is asked for by: random, so that it cannot be guessed';
comment on column logosim.picture_request.asked_by is 'Login role that handed it in';
comment on column logosim.picture_request.picture is 'The picture file; null once a worker has answered';
comment on column logosim.picture_request.brand_text is 'Name to compare; null: what is read in the picture; empty: none';
comment on column logosim.picture_request.vienna_codes is 'Vienna codes of the picture itself, zero-padded';
comment on column logosim.picture_request.regions is 'Regions to search in place of the whole, one after the other: left, top, width and height of each, pixels; null: the whole';
comment on column logosim.picture_request.keep_for is 'How long the handle is to be good';
comment on column logosim.picture_request.state is 'queued, leased (a worker has it), done (handle) or refused (error)';
comment on column logosim.picture_request.attempts is 'How often a worker has taken it, the present time included';
comment on column logosim.picture_request.lease_token is 'Token of the claim that holds it';
comment on column logosim.picture_request.lease_owner is 'Worker that holds it, or held it last';
comment on column logosim.picture_request.lease_until is 'When another worker may take it unless this one extends its lease';
comment on column logosim.picture_request.handle is 'What the picture is asked about by, as in query_picture';
comment on column logosim.picture_request.error_code is 'SQLSTATE that the client gets';
comment on column logosim.picture_request.error is 'Why there is no handle, in a sentence';
comment on column logosim.picture_request.hint is 'What to do about it';
comment on column logosim.picture_request.requested_at is 'When it was handed in; the oldest goes first';
comment on column logosim.picture_request.expires_at is 'From when on nobody looks at it any more; the row goes with the next request or claim';
