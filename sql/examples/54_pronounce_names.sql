-- Role: owner
-- Names are pronounced anew by another engine in batches, as `logosim db pronounce` does; then by rule again.
select logosim.begin_pronouncing('an engine 1.0') as to_do;

with batch as materialized (select u.mark_id, u.brand_text from logosim.unpronounced(1000) u)
select logosim.pronounce_marks(
         'an engine 1.0'
       , array(select mark_id from batch order by mark_id)
       , array(select brand_text from batch order by mark_id)
       , array(select 'sound|sound|sound' from batch)) as changed;
select logosim.pronounce_marks('an engine 1.0', '{}', '{}', '{}');  -- none left: sounds can be compared again
select logosim.require_pronunciation('an engine 1.0');

select logosim.begin_pronouncing('rules');
select logosim.refresh_names() as changed;  -- search keys of all names, and sounds where the rules are the engine
