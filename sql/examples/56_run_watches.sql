-- Role: logosim_worker
-- Run whichever saved search has not been run for an hour, as `logosim watch run --every 1h` does: in one transaction.
select logosim.save_watch('names like pelican', asked_text => 'Pellican', threshold => 0.1);

begin;
select logosim.claim_watch('1 hour') as due;
select w.brand_text, w.score, w.risk from logosim.run_watch('names like pelican') w;
commit;

select logosim.fail_watch('names like pelican', 'what went wrong, where it did');
select w.name, w.runs, w.reported, w.last_error from logosim.watches w;
