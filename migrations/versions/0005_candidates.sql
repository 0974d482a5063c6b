-- Stage 1 is called logosim.candidates; logosim.search is the whole search.
drop function if exists logosim.search(
  public.halfvec, text, text, text[], text[], integer, integer, text[], boolean, uuid, integer, integer, boolean);

-- Which pictures are blank is known without reading their patches, which are fetched apart (logosim.patches_of).
drop function if exists logosim.rerank_inputs(uuid[]);

alter table logosim.mark_features
  add column blank boolean not null generated always as (ltrim(patches, '\x00'::bytea) = ''::bytea) stored;

comment on column logosim.mark_features.blank is 'Whether the picture shows nothing but lettering: no patch is left once that is masked';
