-- How much is to be done, over all models, and by the active one alone?
select s.state, s.count from logosim.work_status() s;
select logosim.pending_work() as to_do;
