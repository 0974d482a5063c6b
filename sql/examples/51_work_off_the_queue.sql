-- Role: logosim_worker
-- Work the queue off without the worker: claim, fail what cannot be done, give back, extend the lease, finish.
-- (The embedding and patches here are made up; a worker has them from the active model.)
do $$
declare
  w record;
begin
  perform logosim.retry_dead();  -- what was given up is tried once more

  select * into w from logosim.claim_work('by hand', batch_size => 1, lease => '1 minute');
  perform logosim.fail_work(w.lease_token, array[w.mark_id], array['the drive is away'], array[false]);

  select * into w from logosim.claim_work('by hand', batch_size => 1, lease => '1 minute');
  perform logosim.release_work(w.lease_token);  -- told to stop

  select * into w from logosim.claim_work('by hand', batch_size => 1, lease => '1 minute');
  perform logosim.heartbeat_work(w.lease_token, '1 minute');
  perform logosim.finish_work(
    w.lease_token
  , array[w.mark_id]
  , array[array_fill(0.0625::real, array[256])::public.vector::public.halfvec]
  , array[decode(repeat('07', 7 * 7 * 64), 'hex')]
  , widths => array[256]
  , heights => array[256]
  , picture_sha256s => array[w.picture_sha256]
  , for_model => w.model_id);
end
$$;

select s.state, s.count from logosim.work_status() s;
