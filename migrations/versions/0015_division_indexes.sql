-- Purpose: vector indexes of the marks of frequent Vienna divisions. They are made by `logosim models backfill`.

-- One takes the divisions, the other among which marks it looks.
drop function if exists logosim._model_indexes(smallint);
drop function if exists logosim._near_share(
  logosim.model, public.halfvec, text, integer[], integer[], integer[], integer, integer, text[], uuid);

comment on table logosim.mark_look is 'What searches by look read: embeddings of mark_features beside what filters ask about, so that a filtered comparison needs no join; triggers keep it in step. Its indexes are made per model, as logosim._model_indexes says';
