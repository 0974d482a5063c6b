-- Purpose: a watched picture outlives the model that looked at it: it is looked at again with the active one.
-- Callers: logosim/store/watches.py (`logosim watch run`, as logosim_worker); logosim._forget_model, as the owner.
-- Cost: a few rows.
-- Notes. The name that is compared and the rectangles of regions do not hang on a model and stay, whatever becomes of the
--   model. What was seen is emptied (no patches) when the model is dropped, for nobody could compare it any more;
--   logosim._remembered refuses the picture until it was looked at again.

create or replace function logosim._keep_watched(model_id smallint) returns void
language plpgsql volatile
set search_path = logosim, public, pg_temp
as $$
begin
  with kept as (
    update logosim.query_picture q
       set model_id = (logosim._active_model()).model_id  -- which is to look at it
     where q.model_id = _keep_watched.model_id and q.expires_at = 'infinity'
    returning q.handle
  )
  , emptied as (
    update logosim.query_region r
       set embedding = '[0]', patches = ''
      from kept k
     where r.handle = k.handle and r.figure_number = 0
  )
  delete from logosim.query_region r
   using kept k
   where r.handle = k.handle and r.figure_number > 0;
end
$$;

comment on function logosim._keep_watched(smallint) is
  'Internal: empty what a model saw in pictures that watches keep, so that they outlive it. Raises LS003 (there are such pictures, and no active model)';

create or replace function logosim._watched_picture(name text) returns table (
    picture       bytea      -- the file; null: it is not kept
  , vienna_codes  text[]
  , regions       integer[]  -- left, top, width and height of each; null: the whole is watched
  , brand_texts   text[]     -- name that is compared, of the whole or of each region; null: none
)
language sql stable
set search_path = logosim, public, pg_temp
as $$
  select q.picture, q.vienna_codes
       , array_agg(array[r.region_left, r.region_top, r.region_width, r.region_height] order by r.region_number)
           filter (where r.region_number > 0)
       , array_agg(r.brand_text order by r.region_number)
    from logosim.watch w
    join logosim.query_picture q on q.handle = w.asked
    join logosim.query_region r on r.handle = q.handle and r.figure_number = 0
   where w.name = _watched_picture.name
   group by q.handle
$$;

comment on function logosim._watched_picture(text) is
  'Internal: the picture that a watch keeps, as it is to be looked at again. No row: it keeps none';

create or replace function logosim._look_again(name text, seen uuid) returns void
language plpgsql volatile security definer
set search_path = logosim, public, pg_temp
as $$
declare
  saved   logosim.watch := logosim._watch(name);
  looked  logosim.query_picture := logosim._remembered(seen);
begin
  update logosim.query_picture q
     set model_id = looked.model_id
   where q.handle = saved.asked
     and q.expires_at = 'infinity'
     and q.picture_sha256 = looked.picture_sha256
     and looked.expires_at < 'infinity';  -- another watch keeps it otherwise, or this one
  if not found then
    perform logosim._bad_argument(
      format('The watch %s keeps another picture than that with the handle %s, or none', saved.name, seen)
    , 'Give the handle under which its picture was kept just now with the active model');
  end if;
  delete from logosim.query_region r where r.handle = saved.asked;
  update logosim.query_region r set handle = saved.asked where r.handle = seen;
  delete from logosim.query_picture q where q.handle = seen;
end
$$;

comment on function logosim._look_again(text, uuid) is
  'Internal: put what was seen in a picture that was kept just now in place of what a watch knows of the same picture; the handle of the former is used up. Raises LS020 (no such watch), 42501, LS006 (another picture), LS007 and LS008 (unknown handle, or of another model)';
