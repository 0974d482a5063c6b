-- Purpose: from the values of the channels to evidence, a score, what each channel contributed to it, and a risk.
-- Callers: 076_judgement.sql, 077_search.sql, 079_explain.sql. The same, with the reasons: logosim/search/calibration.py,
--   score.py and risk.py. Channels are in the order look, shape, sound, spelling, vienna.
-- Cost: microseconds.

create or replace function logosim._curve(
      model          text  -- null: none
    , channel        text
    , out knots      double precision[]
    , out evidence   double precision[]
) returns record
language plpgsql stable
set search_path = logosim, public, pg_temp
as $$
declare
  own  text := '';
begin
  select c.model into own
    from logosim.calibration c
   where c.model in (_curve.model, '') and c.channel = _curve.channel
   order by c.model = '' limit 1;
  select array_agg(c.value order by c.value), array_agg(c.evidence order by c.value)
    into knots, evidence
    from logosim.calibration c
   where c.model = own and c.channel = _curve.channel;
end
$$;

comment on function logosim._curve(text, text) is
  'Internal: the knots of the curve of a channel: that of the model, or where it has none the one that holds for any';

create or replace function logosim._evidence(value double precision, knots double precision[], evidence double precision[])
returns double precision
language plpgsql immutable parallel safe
set search_path = pg_catalog
as $$
declare
  below  constant integer := width_bucket(value, knots);  -- knots that are not above the value
begin
  return case
    when value is null then 0
    when below = 0 then evidence[1]
    when below = cardinality(knots) then evidence[below]
    else (evidence[below + 1] - evidence[below]) / (knots[below + 1] - knots[below]) * (value - knots[below])
         + evidence[below]
  end;
end
$$;

comment on function logosim._evidence(double precision, double precision[], double precision[]) is
  'Internal: what a value is worth on a curve, nats; 0 for null: what is absent says nothing';

create or replace function logosim._value_for(wanted double precision, knots double precision[], evidence double precision[])
returns double precision
language plpgsql immutable parallel safe
set search_path = pg_catalog
as $$
declare
  below  integer := cardinality(knots);
begin
  if wanted <= evidence[1] then
    return knots[1];
  end if;
  while evidence[below] >= wanted loop
    below := below - 1;
  end loop;
  if below = cardinality(knots) then
    return 'infinity';
  end if;
  return knots[below]
         + (wanted - evidence[below]) / (evidence[below + 1] - evidence[below]) * (knots[below + 1] - knots[below]);
end
$$;

comment on function logosim._value_for(double precision, double precision[], double precision[]) is
  'Internal: the least value that is worth so much on a curve, nats; infinity where none is';

create or replace function logosim._probability(log_odds double precision) returns double precision
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  select 1 / (1 + exp(-greatest(least(log_odds, 700), -700)))
$$;

comment on function logosim._probability(double precision) is 'Internal: probability of log odds, nats';

create or replace function logosim._prior() returns double precision
language sql immutable parallel safe
set search_path = pg_catalog
as $$
  select ln(0.001::double precision / (1 - 0.001::double precision))
$$;

comment on function logosim._prior() is 'Internal: log odds of a confusion before anything is compared: one of a thousand candidates';

create or replace function logosim._contributions(evidence double precision[], present boolean[]) returns double precision[]
language plpgsql immutable parallel safe
set search_path = logosim, pg_temp
as $$
declare
  shares  constant double precision[] := array[24, 6, 4, 6, 24]::double precision[];  -- of 120 orders of five channels
  prior   constant double precision := logosim._prior();
  odds    double precision;
  size    integer;
  asked   boolean;
  score   double precision;
  found   double precision[] := array[0, 0, 0, 0, 0];
begin
  -- Shapley values: the mean over all orders in which the channels could be asked of what each changes.
  for coalition in 1 .. 31 loop
    odds := prior;
    size := 0;
    asked := false;
    for channel in 1 .. 5 loop
      if coalition >> (channel - 1) & 1 = 1 then
        size := size + 1;
        if present[channel] then
          odds := odds + evidence[channel];
          asked := true;
        end if;
      end if;
    end loop;
    continue when not asked;
    score := logosim._probability(odds) / 120;
    for channel in 1 .. 5 loop
      if coalition >> (channel - 1) & 1 = 1 then
        found[channel] := found[channel] + score * shares[size];
      else
        found[channel] := found[channel] - score * shares[size + 1];
      end if;
    end loop;
  end loop;
  return array(
    select case when p.present then f.share else 0 end
      from unnest(found, _contributions.present) with ordinality as p (share, present, place)
     cross join lateral (select p.share) as f (share)
     order by p.place);
end
$$;

comment on function logosim._contributions(double precision[], boolean[]) is
  'Internal: what each channel contributed to the score; they add up to it, and one that speaks against is below 0';

create or replace function logosim._risk(score double precision, channel_values real[], weights double precision[])
returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog
as $$
begin
  return case
    when score >= 0.5
     and (select coalesce(sum(v.value::double precision), 0) >= 0.97 * count(*) and coalesce(min(v.value::double precision), 1) >= 0.9
            from unnest(channel_values, weights) as v (value, weight)
           where v.value is not null and v.weight > 0) then 'identical'
    when score >= 0.5 then 'high'
    when score >= 0.1 then 'medium'
    else 'low'
  end;
end
$$;

comment on function logosim._risk(double precision, real[], double precision[]) is
  'Internal: identical, high, medium or low, for a score and the values of the channels behind it';
