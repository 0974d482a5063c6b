-- Purpose: the second stage of a search: candidates judged by every channel, and the best of them in order.
-- Callers: 078_search.sql, 081_explain.sql. The same algorithm, and why stopping early changes no answer:
--   logosim/search/rerank.py. Channels are in the order look, shape, sound, spelling, vienna.
-- Cost: BENCHMARKS.md; most of it goes to names (some 0.2 ms each) and patches (0.5 ms for each that may matter).

create or replace function logosim._weights(
    look      double precision
  , shape     double precision
  , sound     double precision
  , spelling  double precision
  , vienna    double precision
) returns double precision[]
language plpgsql immutable parallel safe
set search_path = logosim, pg_temp
as $$
declare
  weights  constant double precision[] := array[look, shape, sound, spelling, vienna];
begin
  if array_position(weights, null) is not null or 0 > any (weights) or 10 < any (weights) or 0 >= all (weights)
     or 'nan' = any (weights) then
    perform logosim._bad_argument('Weights are 0 to 10, and at least one is above 0', 'A weight of 1 counts as learnt');
  end if;
  return weights;
end
$$;

comment on function logosim._weights(double precision, double precision, double precision, double precision, double precision) is
  'Internal: weights of the channels. Raises LS006';

create or replace function logosim._compared(
    mark_ids    uuid[]
  , brand_text  text       -- what is asked about, of logosim._asked
  , phonemes    text
  , codes       text[]
  , embeddings  halfvec[]
  , patches     bytea[]
) returns table (
    mark_id   uuid
  , view      integer  -- which of the embeddings it is most like: 0 the whole picture, from 1 its separate figures
  , blank     boolean  -- the candidate has no patches to match
  , look      real
  , sound     real
  , spelling  real
  , vienna   real
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
declare
  active_id   constant smallint := (select m.model_id from logosim.model m where m.active);
  asked       constant text := logosim.normalise_text(brand_text);
  asked_keys  constant text[] := logosim.vienna_keys(codes);
  is_shown    constant boolean := coalesce(ltrim(patches[1], '\x00'::bytea) <> '', false);
  ids         uuid[];
  views       integer[];
  blanks      boolean[];
  looks       real[];
  names       text[];
  spoken      text[];
  codes_shared    real[];
begin
  -- Pictures that are blank once their text is masked have one embedding, all of them: their looks are not compared.
  select array_agg(m.mark_id order by wanted.place), array_agg(coalesce(nearest.view, 0) order by wanted.place)
       , array_agg(f.blank order by wanted.place), array_agg(nearest.likeness::real order by wanted.place)
       , array_agg(m.normalised_text order by wanted.place), array_agg(m.phonemes order by wanted.place)
       , array_agg(logosim._vienna_overlap(asked_keys, m.vienna_keys) order by wanted.place)
    into ids, views, blanks, looks, names, spoken, codes_shared
    from unnest(mark_ids) with ordinality as wanted (mark_id, place)
    join logosim.mark m on m.mark_id = wanted.mark_id
    left join lateral (
           select x.embedding, x.blank
             from logosim.mark_features x
            where x.mark_id = m.mark_id and x.model_id = active_id) f on true
    left join lateral (
           select (e.number - 1)::integer as view
                , least(greatest(
                    case e.number when 1 then 1 else 0.8::double precision end  -- a figure resembles more by chance
                    * (1 - (f.embedding <=> e.embedding)::real::double precision), 0), 1) as likeness
             from unnest(embeddings) with ordinality as e (embedding, number)
            order by 2 desc, 1
            limit 1) nearest on is_shown and not f.blank;
  if ids is null then
    return;
  end if;

  return query
  select c.*
    from unnest(
           ids, views, blanks, looks
         , case when asked is not null and phonemes is not null
             then logosim._sound_of_names(asked, phonemes, names, spoken) end
         , case when asked is not null then logosim._spelling_of_names(asked, names) end
         , codes_shared) c;
end
$$;

comment on function logosim._compared(uuid[], text, text, text[], halfvec[], bytea[]) is
  'Internal: marks compared by every channel but the shape, 0..1; null where a channel is absent';

create or replace function logosim._judged(
    mark_ids    uuid[]    -- each once
  , brand_text  text      -- what is asked about, of logosim._asked
  , phonemes    text
  , codes       text[]
  , embeddings  halfvec[]
  , patches     bytea[]
  , weights     double precision[]
  , k           integer
  , least_total double precision default '-infinity'  -- total below which none is wanted
) returns table (
    mark_id         uuid
  , total           double precision    -- summed evidence, nats
  , view            integer
  , channel_values  real[]              -- null where a channel is absent
  , evidence        double precision[]  -- nats, weighted
)
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
#variable_conflict use_column
declare
  batch_size  constant integer := 32;
  model       logosim.model;
  ids         uuid[];
  views       integer[];
  looks       real[];
  shapes      real[];
  sounds      real[];
  spellings   real[];
  codes_shared    real[];
  known       double precision[];  -- evidence of all channels but the shape
  compared    boolean[];           -- whether one of them has a weight
  bar         double precision;    -- total below which none is among the first k, or wanted
  curve       record;              -- of the shape
  full_       double precision[];  -- totals of those that are known in full, the best k
  waiting     integer[];           -- those whose shape is not known, the most promising first
  batch       integer[];
  places      integer[];
  figures     bytea[];
  needed      real[];     -- values of the shape below which each is not among the first k
  passed_over boolean[];  -- whose shape has turned out to be below that
  match       record;
  place       integer;
  done        integer := 0;
begin
  select * into model from logosim.model m where m.active;
  select * into curve from logosim._curve(model.name, 'shape');
  select array_agg(c.mark_id order by c.number), array_agg(c.view order by c.number)
       , array_agg(c.look order by c.number), array_agg(c.sound order by c.number)
       , array_agg(c.spelling order by c.number), array_agg(c.vienna order by c.number)
       , array_agg(c.known order by c.number), array_agg(c.compared order by c.number)
       , coalesce(array_agg(c.number order by c.number) filter (where c.shown), '{}')
       , array_agg(c.known order by c.number) filter (where c.compared and not c.shown)
    into ids, views, looks, sounds, spellings, codes_shared, known, compared, waiting, full_
    from (select v.*, e.known, (row_number() over (order by e.known desc))::integer as number
               , (v.look is not null and weights[1] > 0) or (v.sound is not null and weights[3] > 0)
                 or (v.spelling is not null and weights[4] > 0) or (v.vienna is not null and weights[5] > 0) as compared
               , not v.blank and ltrim(patches[v.view + 1], '\x00'::bytea) <> '' as shown
            from logosim._compared(mark_ids, brand_text, phonemes, codes, embeddings, patches) v
           cross join logosim._curve(model.name, 'look') l
           cross join logosim._curve(model.name, 'sound') s
           cross join logosim._curve(model.name, 'spelling') w
           cross join logosim._curve(model.name, 'vienna') o
           cross join lateral (
                   select weights[1] * logosim._evidence(v.look, l.knots, l.evidence)
                          + weights[3] * logosim._evidence(v.sound, s.knots, s.evidence)
                          + weights[4] * logosim._evidence(v.spelling, w.knots, w.evidence)
                          + weights[5] * logosim._evidence(v.vienna, o.knots, o.evidence) as known) e) c;
  if ids is null then
    return;
  end if;

  -- Patches are matched only where the shape can still bring a mark among the first k.
  shapes := array_fill(null::real, array[cardinality(ids)]);
  passed_over := array_fill(false, array[cardinality(ids)]);
  while done < cardinality(waiting) loop
    full_ := array(select f.total from unnest(full_) as f (total) order by f.total desc limit k);
    bar := case when cardinality(full_) = k then greatest(full_[k], least_total) else least_total end;
    exit when known[waiting[done + 1]] + weights[2] * curve.evidence[cardinality(curve.evidence)] < bar;
    batch := waiting[done + 1 : done + batch_size];
    for seen in 0 .. cardinality(patches) - 1 loop
      select array_agg(b.place order by b.place), array_agg(f.patches order by b.place)
        into places, figures
        from unnest(batch) as b (place)
        join logosim.mark_features f on f.mark_id = ids[b.place] and f.model_id = model.model_id
       where views[b.place] = seen;
      continue when places is null;
      needed := case when bar > '-infinity' and weights[2] > 0 then array(
        select (logosim._value_for((bar - known[p.place]) / weights[2], curve.knots, curve.evidence) - 1e-5)::real
          from unnest(places) with ordinality as p (place, number)
         order by p.number) end;
      for match in
        select p.candidate, p.similarity
          from logosim._match_patches(patches[seen + 1], figures, model.patch_grid, model.patch_dimensions, needed) p
      loop
        place := places[match.candidate];
        shapes[place] := match.similarity;
        if match.similarity is null then
          passed_over[place] := true;
        elsif compared[place] or weights[2] > 0 then
          full_ := full_ || known[place] + weights[2] * logosim._evidence(match.similarity, curve.knots, curve.evidence);
        end if;
      end loop;
    end loop;
    done := done + batch_size;
  end loop;

  return query
  select j.mark_id, j.known + e.shape, j.view, array[j.look, j.shape, j.sound, j.spelling, j.vienna]
       , array[weights[1] * logosim._evidence(j.look, l.knots, l.evidence)
             , e.shape
             , weights[3] * logosim._evidence(j.sound, s.knots, s.evidence)
             , weights[4] * logosim._evidence(j.spelling, w.knots, w.evidence)
             , weights[5] * logosim._evidence(j.vienna, o.knots, o.evidence)]
    from unnest(ids, views, looks, shapes, sounds, spellings, codes_shared, known, compared, passed_over)
           as j (mark_id, view, look, shape, sound, spelling, vienna, known, compared, passed_over)
   cross join lateral (select weights[2] * logosim._evidence(j.shape, curve.knots, curve.evidence) as shape) e
   cross join logosim._curve(model.name, 'look') l
   cross join logosim._curve(model.name, 'sound') s
   cross join logosim._curve(model.name, 'spelling') w
   cross join logosim._curve(model.name, 'vienna') o
   where (j.compared or (j.shape is not null and weights[2] > 0))
     and not j.passed_over
     and j.known + e.shape >= least_total
   order by 2 desc, 1
   limit k;
end
$$;

comment on function logosim._judged(uuid[], text, text, text[], halfvec[], bytea[], double precision[], integer, double precision) is
  'Internal: the k marks for which most evidence of a confusion speaks, and no less than least_total, best first; what no channel with a weight judges is left out';
