-- Role: owner
-- Go over to another model. It has to be ready (view logosim.model_state), unless it is forced to; `logosim models backfill` and
-- `activate` do all of it beside running searches. Here the active one is activated again, which changes nothing.
select logosim.activate_model(m.model_id) = m.name as unchanged
  from logosim.model m
 where m.active;
