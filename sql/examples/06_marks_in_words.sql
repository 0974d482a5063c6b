-- Marks with their Vienna codes in words, the newest first.
select o.brand_text, o.year, o.vienna_labels, o.has_features
  from logosim.mark_overview o
 where o.source = 'example'
 order by o.year desc nulls last
 limit 10;
