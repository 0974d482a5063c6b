-- How alike are two marks in what they show: how much of the one figure is found in the other, and by Vienna codes?
-- (Put source and file name of marks of yours, or their ids, in place of those here.)
select logosim.patch_similarity(f.patches, g.patches) as shape
     , logosim.vienna_overlap(m.vienna_codes, n.vienna_codes) as vienna
     , logosim.vienna_overlap('{3.7.1, 27.5}', '{03.07.16}') as of_codes_given
  from logosim.mark m
  join logosim.mark_features f on f.mark_id = m.mark_id
  join logosim.model on model.model_id = f.model_id and model.active
  join logosim.mark n on n.mark_id = logosim.mark_id('example', 'sun-red.png')
  join logosim.mark_features g on g.mark_id = n.mark_id and g.model_id = f.model_id
 where m.mark_id = logosim.mark_id('example', 'sun-yellow.png');
