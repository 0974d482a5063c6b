-- Purpose: how alike two names sound, as the best local alignment of their sounds (ALINE).
-- Callers: 072_name_similarity.sql, analysts. The same algorithm, with its sources: logosim/phonetics/aline.py. Costs of
--   sounds: logosim.segment, times 2 as in logosim/phonetics/segments.py, so that all is done in whole numbers.
-- Cost: some 0.1 ms a name of the usual length, in three profiles. See BENCHMARKS.md.

create or replace function logosim._aline_similarities(asked text, names text[]) returns real[]
language plpgsql stable parallel safe
set search_path = logosim, public, pg_temp
as $$
declare
  never constant integer := -100000;  -- score of a move that is forbidden
  alphabet    text;
  letters     text;       -- the same as one byte each: code 1 is A
  vowels      text;
  consonants  text;
  costs       integer[];  -- of vowels, by code + 1; code 0 stands before the first sound
  queries     text[];
  encoded     text[];
  query       bytea;
  spelt       text;
  name        bytea;
  m           integer;    -- sounds of the query
  width       integer;    -- a column of the table and its border
  matched     integer[];  -- score of a sound of the query against each sound: [code][place in the query]
  one_of_two  integer[];  -- what a sound adds as one of two that answer a sound of the query
  two_to_one  integer[];  -- score of a sound of the query and the one before it against one sound
  cells       integer[];  -- the table: column by column, two empty ones before the first
  code        integer;
  former      integer;
  base        integer;    -- border cell of a column
  row         integer;    -- from a cell to its place in the row of its sound
  former_row  integer;
  pair_cost   integer;
  score       integer;
  best        integer;
  own         integer;
  total       double precision[] := array_fill(0::double precision, array[cardinality(names)]);
  compared    integer[] := array_fill(0, array[cardinality(names)]);
begin
  select string_agg(s.segment, '' order by s.code), string_agg(chr(64 + s.code), '' order by s.code)
       , string_agg(chr(64 + s.code), '') filter (where s.vowel > 0)
       , string_agg(chr(64 + s.code), '') filter (where s.vowel = 0)
       , array[0] || array_agg(s.vowel order by s.code)
    into alphabet, letters, vowels, consonants, costs
    from logosim.segment s;
  -- What is no sound is passed over. All names at once: they stand behind each other.
  asked := replace(asked, ' ', '');
  spelt := replace(array_to_string(names, E'\n', ''), ' ', '');
  if asked || spelt ~ ('[^|\n' || alphabet || ']') then
    asked := regexp_replace(asked, '[^|' || alphabet || ']', '', 'g');
    spelt := regexp_replace(spelt, '[^|\n' || alphabet || ']', '', 'g');
  end if;
  -- What is split has something before it, for the empty text would be split into nothing.
  queries := (string_to_array('|' || translate(asked, alphabet, letters), '|'))[2:];
  encoded := (string_to_array(E'\n' || translate(spelt, alphabet, letters), E'\n'))[2:];
  if cardinality(encoded) <> greatest(cardinality(names), 1)
     or exists (
          select from unnest(encoded, names) as n (name, given)
           where n.given is not null and length(n.name) - length(replace(n.name, '|', '')) <> cardinality(queries) - 1) then
    perform logosim._bad_argument(
      format('A transcription has not the %s profiles of the other', cardinality(queries))
      , 'logosim.phonemes(name) gives all three');
  end if;

  for profile in 1 .. cardinality(queries) loop
    m := length(queries[profile]);
    continue when m = 0;
    width := m + 1;
    query := convert_to(queries[profile], 'UTF8');
    select array_agg(70 - x.difference - a.vowel - b.vowel order by b.code, q.place)
         , array_agg(case when x.difference = 0 then never else (90 - a.vowel) / 2 - x.difference end
                     order by b.code, q.place)
         , array_agg(case when x.difference = 0 or coalesce(before.differences[b.code], 0) = 0 then never
                       else 90 - x.difference - before.differences[b.code] - b.vowel - greatest(a.vowel, before.vowel) end
                     order by b.code, q.place)
      into matched, one_of_two, two_to_one
      from generate_series(1, m) as q (place)
      join logosim.segment a on a.code = get_byte(query, q.place - 1) - 64
      left join logosim.segment before on q.place > 1 and before.code = get_byte(query, greatest(q.place - 2, 0)) - 64
     cross join logosim.segment b
     cross join lateral (select a.differences[b.code]) as x (difference);
    own := 70 * m - 40 * length(translate(queries[profile], consonants, ''));
    select array_fill(0, array[(coalesce(max(length(split_part(n.name, '|', profile))), 0) + 2) * width])
      into cells
      from unnest(encoded) as n (name);

    for number in 1 .. cardinality(names) loop
      spelt := split_part(encoded[number], '|', profile);
      continue when spelt = '';
      name := convert_to(spelt, 'UTF8');
      best := 0;
      former := 0;
      for place in 1 .. length(name) loop
        code := get_byte(name, place - 1) - 64;
        base := (place + 1) * width + 1;
        row := (code - 1) * m - base;
        former_row := case when former > 0 then (former - 1) * m - base else row end;
        pair_cost := case when former > 0 then -greatest(costs[former + 1], costs[code + 1]) else never end;
        score := 0;
        for cell in base + 1 .. base + m loop
          score := greatest(
            0
          , score - 20
          , cells[cell - width] - 20
          , cells[cell - width - 1] + matched[cell + row]
          , cells[cell - width - 2] + two_to_one[cell + row]
          , cells[cell - width - width - 1] + one_of_two[cell + former_row] + one_of_two[cell + row] + pair_cost);
          cells[cell] := score;
          if score > best then
            best := score;
          end if;
        end loop;
        former := code;
      end loop;
      total[number] := total[number] + least(
        2.0::double precision * best / (own + 70 * length(name) - 40 * length(translate(spelt, consonants, ''))), 1);
      compared[number] := compared[number] + 1;
    end loop;
  end loop;
  return array(
    select (t.total / nullif(t.compared, 0))::real
      from unnest(total, compared) with ordinality as t (total, compared, place)
     order by t.place);
end
$$;

comment on function logosim._aline_similarities(text, text[]) is
  'Internal: how alike a transcription and each of others sound, 0..1, in their order; null where there is nothing to compare. Raises LS006 if they have not as many profiles';

create or replace function logosim.aline_similarity(one_phonemes text, other_phonemes text) returns real
language plpgsql stable strict parallel safe
set search_path = logosim, public, pg_temp
as $$
begin
  return (logosim._aline_similarities(one_phonemes, array[other_phonemes]))[1];
end
$$;

comment on function logosim.aline_similarity(text, text) is
  'How alike two transcriptions (of logosim.phonemes, not names as they are written) sound, 0..1: the best alignment of their sounds (ALINE, Kondrak 2002) in each profile, and the mean of the profiles; null where neither has a profile with sounds in both. Raises LS006 if they have not as many profiles';
