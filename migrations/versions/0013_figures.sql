-- Purpose: logosim.candidates takes the embeddings of separate figures. What has another list of arguments stays beside the
--   new one unless it is dropped.

drop function if exists logosim.candidates(
  halfvec, text, text, text[], text[], integer, integer, text[], boolean, uuid, integer, integer, boolean, text[], text);
drop function if exists logosim._look(
  logosim.model, halfvec, text[], text[], text[], integer, integer, text[], boolean, uuid, integer, boolean);
drop function if exists logosim._expected_names(text, text[], text[], integer, integer, text[], uuid, text[]);
