-- Purpose: why a mark is like another, channel by channel. Callers: analysts.
-- The same as the API's comparisons: logosim/search/comparison.py. Cost: milliseconds.

create or replace function logosim.explain(
    asked            uuid
  , other            uuid
  , look_weight      double precision default 1
  , shape_weight     double precision default 1
  , sound_weight     double precision default 1
  , spelling_weight  double precision default 1
  , vienna_weight    double precision default 1
) returns table (
    channel       text
  , value         real
  , weight        double precision
  , evidence      double precision
  , contribution  double precision
  , sentence      text
  , region        integer
)
language plpgsql stable
set search_path = logosim, public, pg_temp
set jit = off
as $$
#variable_conflict use_column
declare
  weights     constant double precision[] := logosim._weights(
    look_weight, shape_weight, sound_weight, spelling_weight, vienna_weight);
  mark        logosim.mark;
  patches     bytea;
  asked_part  record;
  found       record;
  part        record;
  judged      record;
  nearest     double precision;
  shares      double precision[];
  figure      text;  -- why the channels may be absent
  name        text;
  codes       text;
begin
  select * into mark from logosim.mark m where m.mark_id = other;
  if mark.mark_id is null then
    raise exception 'There is no mark %', other
      using errcode = 'LS001', hint = 'Ids are those of logosim.mark; logosim.mark_id(source, file) computes one';
  end if;
  select f.patches into patches
    from logosim.mark_features f
   where f.mark_id = other and f.model_id = (select m.model_id from logosim.model m where m.active);

  -- Of a picture with regions the one that the mark is most like; of equal ones the first.
  for asked_part in select * from logosim._asked(asked) loop
    if asked_part.brand_text is not null then
      perform logosim.require_pronunciation(case when asked_part.by_rule then 'rules' end);
    end if;
    select * into found
      from logosim._judged(
             array[other], asked_part.brand_text, asked_part.phonemes, asked_part.vienna_codes, asked_part.embeddings
           , asked_part.patches, weights, 1);
    if nearest is null or found.total > nearest then
      part := asked_part;
      judged := found;
      nearest := coalesce(found.total, '-infinity');
    end if;
  end loop;

  figure := 'The pictures were not compared: ' || case
    when part.embeddings is null then 'nobody has looked at the first one yet.'
    when ltrim(part.patches[1], '\x00'::bytea) = '' then 'apart from lettering, the first one shows nothing.'
    when patches is null then 'nobody has looked at the earlier mark''s yet.'
    when ltrim(patches, '\x00'::bytea) = '' then 'apart from lettering, the earlier mark''s shows nothing.'
  end;
  name := 'The names were not compared: ' || case
    when part.brand_text is null then 'the first mark has none.'
    when mark.brand_text is null then 'the earlier mark has none.'
    else 'one of them has nothing in it that could be.'
  end;
  codes := 'Vienna codes were not compared: ' || case
    when cardinality(part.vienna_codes) = 0 then 'none is known of the first mark.'
    when cardinality(mark.vienna_codes) = 0 then 'the earlier mark carries none.'
  end;
  if judged.mark_id is null then
    perform logosim._bad_argument(
      'No channel that has a weight says anything about the two marks'
      , concat_ws(' ', figure
                , case when logosim._spelling(
                            logosim.normalise_text(part.brand_text), logosim.normalise_text(mark.brand_text)) is null
                    then name end
                , codes));
  end if;

  shares := logosim._contributions(judged.evidence, array(
    select v.value is not null and v.weight > 0
      from unnest(judged.channel_values, weights) with ordinality as v (value, weight, place)
     order by v.place));
  return query
  select c.channel, c.value, c.weight, case when c.value is not null then c.evidence end
       , case when c.value is not null then c.share end
       , case
           when c.value is null then
             case c.channel when 'look' then figure when 'shape' then figure when 'vienna' then codes else name end
           when c.channel = 'look' then logosim._look_sentence(c.value, judged.view)
           when c.channel = 'shape' then logosim._shape_sentence(part.patches[judged.view + 1], patches, judged.view)
           when c.channel = 'vienna' then logosim._vienna_sentence(part.vienna_codes, mark.vienna_codes)
           else logosim._name_sentence(
                  c.channel, c.value, part.brand_text, part.phonemes, mark.brand_text, mark.phonemes)
         end
       , nullif(part.region_number, 0)
    from unnest(array['look', 'shape', 'sound', 'spelling', 'vienna'], judged.channel_values, weights, judged.evidence, shares)
           with ordinality as c (channel, value, weight, evidence, share, place)
   order by c.place;
end
$$;

comment on function logosim.explain(uuid, uuid, double precision, double precision, double precision, double precision, double precision) is
'Why an earlier mark (other) is like a stored mark, or like a picture that is asked about by its handle: a row for each channel, as logosim.search judges it.
value: 0..1; null: the channel is absent, and the sentence says why. weight: 1 as learnt, 0 not at all, up to 10. evidence: what it adds to the log odds of a confusion, nats; below 0 it speaks against one. contribution: to the score; all together they are the score. region: of the picture, which is most like the mark; null: the whole.
Raises LS001 (unknown mark), LS003 (no active model), LS006 (bad argument, or nothing can be compared), LS007 and LS008 (handle unknown, or of another model), LS009 (stored names are pronounced by another engine).';
