-- Which marks look all but the same, and which of them hang together? The first of ten parts of the register; ask for the
-- others likewise, and put their pairs together before the clusters are made.
select d.mark_id, d.other_id, d.look_distance, d.brand_text, d.other_brand_text, d.complete
  from logosim.near_duplicates(threshold => 0.1, part => 1, parts => 10) d;

-- What hangs together among the marks of a source.
with pairs as materialized (
  select d.mark_id, d.other_id
    from logosim.near_duplicates(threshold => 0.1, sources => '{example}') d
)
select c.cluster, c.marks, array_agg(m.file order by m.file) as files
  from logosim.clusters(array(select mark_id from pairs), array(select other_id from pairs)) c
  join logosim.mark m on m.mark_id = c.mark_id
 group by c.cluster, c.marks
 order by c.marks desc, c.cluster;
