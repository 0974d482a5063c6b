-- Role: owner
-- Register a model that is not used yet, and queue the marks that it has not seen. (`logosim models` does this with the
-- facts of an artifact.)
select logosim.queue_missing(
         logosim.register_model(
           name => 'next-model'
         , artifact_sha256 => repeat('9', 64)
         , dimensions => 128
         , patch_grid => 7
         , patch_dimensions => 64
         , manifest => '{}'
         , activate => false)) as queued;
