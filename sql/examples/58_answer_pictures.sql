-- Role: logosim_worker
-- Answer pictures that SQL clients hand in, without the worker: claim, give back, extend the lease, refuse, and answer with a
-- handle. (The embedding and patches here are made up; a worker has them from the active model.)
do $$
declare
  model_id  smallint := (select m.model_id from logosim.model m where m.active);
  w         record;
  kept      record;
begin
  perform logosim.submit_picture('\x89504e47', brand_text => 'ACME');
  select * into w from logosim.claim_picture('by hand', model_id);
  perform logosim.release_picture(w.lease_token);  -- told to stop: another worker takes it

  select * into w from logosim.claim_picture('by hand', model_id);
  perform logosim.heartbeat_picture(w.lease_token, '1 minute');
  select * into kept
    from logosim.remember_picture(
           model_id, encode(sha256(w.picture), 'hex'), array[0], array[0], array[0], array[0], array[9], array[9]
         , array[w.brand_text], array[array_fill(0.0625::real, array[256])::public.vector::public.halfvec]
         , array[decode(repeat('07', 7 * 7 * 64), 'hex')]);
  perform logosim.finish_picture(w.lease_token, kept.handle);

  perform logosim.submit_picture('\x00');
  select * into w from logosim.claim_picture('by hand', model_id);
  perform logosim.refuse_picture(w.lease_token, 'LS012', 'The file is no picture');
end
$$;

select logosim.pictures_waiting();
