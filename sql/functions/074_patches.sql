-- Purpose: does the figure of one picture appear in another? Patches that match where they should.
-- Callers: 076_judgement.sql, analysts. The same algorithm, with its sources: logosim/spatial/matching.py and geometry.py.
-- Cost: some 0.5 ms a pair of pictures, by the patches that are not blank; see BENCHMARKS.md. The scalar products are
--   pgvector's: whole numbers below 2^24, which single precision holds exactly.

create or replace function logosim._patch_vectors(
      patches     bytea
    , grid        integer
    , dimensions  integer
    , out cells   integer[]
    , out vectors vector[]
) returns record
language plpgsql immutable strict parallel safe
set search_path = public, pg_temp
as $$
begin
  select array_agg(c.cell order by c.cell)
       , array_agg((
           array(
             select (get_byte(patches, generate_series(c.cell * dimensions, (c.cell + 1) * dimensions - 1)) # 128) - 128)
           || array[c.cell / grid, c.cell % grid, 1, (c.cell / grid) ^ 2 + (c.cell % grid) ^ 2]::integer[])::vector
         order by c.cell)
    into cells, vectors
    from generate_series(0, grid * grid - 1) as c (cell)
   where ltrim(substring(patches from c.cell * dimensions + 1 for dimensions), '\x00'::bytea) <> '';
end
$$;

comment on function logosim._patch_vectors(bytea, integer, integer) is
  'Internal: the patches of a picture that are not blank: their cells, from 0, row by row from the top left; and their vectors with row, column, 1 and row^2 + column^2 behind';

create or replace function logosim._patch_fits(
      grid           integer
    , out starts     integer[]  -- by scale, cell of the query and cell of the candidate, in one dimension of the grid
    , out shifts     integer[]
    , out fits       real[]     -- 0..1, how well the cells lie when shifted so
    , out plainness  integer[]  -- rank of scale, mirrored, shift down and right among those of one scale
) returns record
language plpgsql immutable strict parallel safe
set search_path = pg_catalog
as $$
begin
  with fit as materialized (
    select (s.number - 1) * grid * grid + q.cell * grid + c.cell as place
         , shift
         , 1 - abs((c.cell - (grid - 1) / 2.0)::real - (s.scale::real * (q.cell - (grid - 1) / 2.0)::real + shift::real))
               / 1.5::real as fit
      from unnest(array[1, power(2::float8, -0.5), power(2::float8, 0.5), 0.5, 2], array[4, 5, 5, 6, 6])
             with ordinality as s (scale, farthest, number)
     cross join generate_series(0, grid - 1) as q (cell)
     cross join generate_series(0, grid - 1) as c (cell)
     cross join lateral generate_series(-s.farthest, s.farthest) as shift
  )
  , kept as (
    select f.place, f.shift, f.fit, row_number() over (order by f.place, f.shift) as number
      from fit f
     where f.fit > 0
  )
  , places as (
    select p.place, count(k.place) as count
      from generate_series(0, 5 * grid * grid) as p (place)
      left join kept k on k.place = p.place
     group by p.place
  )
  select (select array_agg(b.start order by b.place)
            from (select p.place, 1 + sum(p.count) over (order by p.place) - p.count as start from places p) b)
       , array_agg(k.shift order by k.number)
       , array_agg(k.fit order by k.number)
    into starts, shifts, fits
    from kept k;
  select array_agg(mirrored * 10000 + down * down + right_ * right_ order by scale, mirrored, down, right_)
    into plainness
    from generate_series(1, 5) as scale
   cross join generate_series(0, 1) as mirrored
   cross join generate_series(-6, 6) as down
   cross join generate_series(-6, 6) as right_;
end
$$;

comment on function logosim._patch_fits(integer) is
  'Internal: how a cell of one picture can come to lie on a cell of another: shifts at five scales, with how well they fit';

create or replace function logosim._match_patches(
    asked       bytea
  , candidates  bytea[]
  , grid        integer
  , dimensions  integer
  , needed      real[] default null  -- similarity from which each candidate matters
) returns table (
    candidate   integer           -- from 1
  , similarity  real              -- null: below what is needed, and not worked out
  , matched     integer           -- patches of the asked figure that the geometry confirms
  , scale       double precision  -- null where nothing matched
  , mirrored    boolean
  , down        integer           -- cells
  , rightwards  integer
)
language plpgsql immutable parallel safe
set search_path = logosim, public, pg_temp
as $$
declare
  scales       constant double precision[] := array[1, power(2::float8, -0.5), power(2::float8, 0.5), 0.5, 2];
  asked_cells  integer[];
  asked_forms  vector[];  -- as candidates have them
  asked_vecs   vector[];  -- so that the product with a candidate's is the scalar product times 128 less the distance^2
  starts       integer[];
  shifts       integer[];
  fits         real[];
  plainness    integer[];
  cells        integer[];
  vectors      vector[];
  vec          vector;
  product      double precision;    -- negative, as pgvector has it
  best         double precision;
  of_asked     double precision[];  -- best product of each patch of the query
  nearest      integer[];           -- and whose it is
  of_others    double precision[];  -- best product of each patch of the candidate
  n            integer;             -- matches
  rows_        integer[];           -- of them: row and column of the query's cell, then of the candidate's
  columns_     integer[];
  other_rows   integer[];
  other_cols   integer[];
  strengths    real[];
  row_         integer;
  column_      integer;
  distance     integer;
  cosine       real;
  strength     real;
  votes        double precision[];
  no_votes     constant double precision[] := array_fill(0::double precision, array[1690]);
  most         double precision[];  -- by scale
  elected      integer[];
  vote         double precision;
  place        integer;
  across       integer;
  base         integer;
  line         real;
  perfect      double precision;
  fewest       integer;
  possible     double precision;
  reached      double precision;
  highest      double precision;
  winner       integer;
  won          integer;
begin
  select v.cells, v.vectors into asked_cells, asked_forms from logosim._patch_vectors(asked, grid, dimensions) v;
  select array_agg(subvector(a.form, 1, dimensions + 2)
                   * (array_fill(128, array[dimensions]) || array[2, 2])::vector
                   || array[-((a.cell / grid) ^ 2 + (a.cell % grid) ^ 2), -1]::vector
                   order by a.cell)
    into asked_vecs
    from unnest(asked_cells, asked_forms) as a (cell, form);
  select f.starts, f.shifts, f.fits, f.plainness into starts, shifts, fits, plainness from logosim._patch_fits(grid) f;

  for number in 1 .. cardinality(candidates) loop
    candidate := number;
    similarity := 0;
    matched := 0;
    scale := null; mirrored := null; down := null; rightwards := null;
    select v.cells, v.vectors into cells, vectors from logosim._patch_vectors(candidates[number], grid, dimensions) v;
    if asked_cells is null or cells is null then
      return next;
      continue;
    end if;

    -- Patches that are each other's best; of equal ones the nearest on the grid.
    of_others := array_fill(0::double precision, array[cardinality(cells)]);
    of_asked := of_others[1:0];
    nearest := '{}';
    for i in 1 .. cardinality(asked_cells) loop
      vec := asked_vecs[i];
      best := 0;
      place := 0;
      for j in 1 .. cardinality(cells) loop
        product := vec <#> vectors[j];
        if product < best then
          best := product;
          place := j;
        end if;
        if product < of_others[j] then
          of_others[j] := product;
        end if;
      end loop;
      of_asked[i] := best;
      nearest[i] := place;
    end loop;

    -- Those that are alike enough are matches.
    n := 0;
    possible := 0;
    for i in 1 .. cardinality(asked_cells) loop
      place := nearest[i];
      continue when place = 0 or of_asked[i] <> of_others[place];
      row_ := asked_cells[i] / grid;
      column_ := asked_cells[i] % grid;
      distance := (row_ - cells[place] / grid) ^ 2 + (column_ - cells[place] % grid) ^ 2;
      cosine := ((distance - of_asked[i]) / 128)::real
                / (logosim._patch_norm(asked_forms[i], asked_cells[i], grid)
                   * logosim._patch_norm(vectors[place], cells[place], grid));
      continue when cosine <= 0.3::real;
      n := n + 1;
      strengths[n] := least((cosine - 0.3::real) / 0.7::real, 1);
      possible := possible + strengths[n];
      rows_[n] := row_;
      columns_[n] := column_;
      other_rows[n] := cells[place] / grid;
      other_cols[n] := cells[place] % grid;
    end loop;
    fewest := greatest(least(12, greatest(cardinality(asked_cells), cardinality(cells))), 1);
    if possible / fewest < needed[number] then  -- even if all of them agreed
      similarity := null;
      return next;
      continue;
    end if;

    -- They vote for what would bring them together.
    votes := no_votes;
    most := array_fill(0::double precision, array[5]);
    elected := array_fill(0, array[5]);
    for i in 1 .. n loop
      strength := strengths[i];
      for s in 0 .. 4 loop
        base := (s * grid + rows_[i]) * grid + other_rows[i] + 1;
        for a in starts[base] .. starts[base + 1] - 1 loop
          line := fits[a];
          for m in 0 .. 1 loop
            across := (s * grid + case m when 1 then grid - 1 - columns_[i] else columns_[i] end) * grid
                      + other_cols[i] + 1;
            base := ((s * 2 + m) * 13 + shifts[a] + 6) * 13 + 7;
            for b in starts[across] .. starts[across + 1] - 1 loop
              place := base + shifts[b];
              vote := votes[place] + line * fits[b] * strength;
              votes[place] := vote;
              if vote >= most[s + 1] and (vote > most[s + 1] or plainness[place] < plainness[elected[s + 1]]) then
                most[s + 1] := vote;
                elected[s + 1] := place;
              end if;
            end loop;
          end loop;
        end loop;
      end loop;
    end loop;

    -- The scale at which the largest share of a perfect match is reached, a larger perfect match counting for more.
    highest := 0;
    winner := 0;
    for s in 1 .. 5 loop
      perfect := greatest(
        least(cardinality(asked_cells) * least(1, power(scales[s], 2)), cardinality(cells) * least(1, power(scales[s], -2)))
      , fewest);
      reached := least(most[s] / perfect, 1);
      if reached * sqrt(perfect) > highest + 1e-9 then
        highest := reached * sqrt(perfect);
        similarity := reached::real;
        winner := s;
      end if;
    end loop;

    if winner > 0 then
      won := elected[winner] - 1;
      scale := scales[winner];
      mirrored := won / 169 % 2 = 1;
      down := won / 13 % 13 - 6;
      rightwards := won % 13 - 6;
      for i in 1 .. n loop
        base := ((winner - 1) * grid + rows_[i]) * grid + other_rows[i] + 1;
        across := ((winner - 1) * grid + case when mirrored then grid - 1 - columns_[i] else columns_[i] end) * grid
                  + other_cols[i] + 1;
        if down = any (shifts[starts[base] : starts[base + 1] - 1])
           and rightwards = any (shifts[starts[across] : starts[across + 1] - 1]) then
          matched := matched + 1;
        end if;
      end loop;
    end if;
    return next;
  end loop;
end
$$;

comment on function logosim._match_patches(bytea, bytea[], integer, integer, real[]) is
  'Internal: how well the figure of a picture is found in each of others, 0..1, and where';

create or replace function logosim._patch_norm(form vector, cell integer, grid integer) returns real
language plpgsql immutable strict parallel safe
set search_path = public, pg_temp
as $$
declare
  squared  constant integer := (cell / grid) * (cell / grid) + (cell % grid) * (cell % grid);
begin
  -- Of the patch itself, without what stands behind it.
  return sqrt(-(form <#> form) - squared - 1 - squared * squared)::real;
end
$$;

comment on function logosim._patch_norm(vector, integer, integer) is 'Internal: length of a patch of logosim._patch_vectors';

create or replace function logosim.patch_similarity(one_patches bytea, other_patches bytea) returns real
language plpgsql stable strict
set search_path = logosim, public, pg_temp
as $$
declare
  model  constant logosim.model := logosim._active_model();
begin
  if octet_length(one_patches) <> model.patch_grid ^ 2 * model.patch_dimensions
     or octet_length(other_patches) <> model.patch_grid ^ 2 * model.patch_dimensions then
    raise exception 'The patches are not those of model %', model.name
      using errcode = 'LS002', hint = 'Take them from logosim.mark_features, of the active model';
  end if;
  return (select p.similarity
            from logosim._match_patches(one_patches, array[other_patches], model.patch_grid, model.patch_dimensions) p);
end
$$;

comment on function logosim.patch_similarity(bytea, bytea) is
  'How well the figure of one picture is found in another, moved, mirrored, or half to twice its size, 0..1, by the patches of logosim.mark_features; 0 where either is blank. Raises LS002 (not the patches of the active model) and LS003 (no active model)';
