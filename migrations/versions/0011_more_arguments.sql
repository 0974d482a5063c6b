-- Purpose: searches take the name of a model, and near_duplicates takes vienna_none. What has another list of arguments
--   stays beside the new one unless it is dropped.

drop function if exists logosim.candidates(
  halfvec, text, text, text[], text[], integer, integer, text[], boolean, uuid, integer, integer, boolean, text[]);
drop function if exists logosim.similar(uuid, text[], text[], integer, integer, text[], boolean, integer, boolean, text[]);
drop function if exists logosim.near_duplicates(
  double precision, text[], text[], integer, integer, text[], boolean, integer, integer, integer);
drop function if exists logosim._passes(logosim.mark, text[], text[], integer, integer, text[], boolean);
drop function if exists logosim._model_of(halfvec);
