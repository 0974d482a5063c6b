-- Purpose: these functions also take the name of a model. What has another list of arguments stays beside the new one.

drop function if exists logosim.candidates(
  halfvec, text, text, text[], text[], integer, integer, text[], boolean, uuid, integer, integer, boolean, text[]);
drop function if exists logosim.similar(uuid, text[], text[], integer, integer, text[], boolean, integer, boolean, text[]);
drop function if exists logosim._model_of(halfvec);
