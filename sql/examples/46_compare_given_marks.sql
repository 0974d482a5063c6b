-- How alike do just these marks look, and what would a close comparison start from?
-- (Put source and file names of marks of yours in place of 'example', 'sun-yellow.png' and the others.)
with asked as (
  select f.embedding
    from logosim.mark_features f
    join logosim.model m on m.model_id = f.model_id and m.active
   where f.mark_id = logosim.mark_id('example', 'sun-yellow.png')
)
select logosim.look_distance((select embedding from asked), logosim.mark_id('example', 'sun-red.png')) as one
     , array(select d.distances[1]
               from logosim.look_distances(
                      array(select embedding from asked)
                    , array[logosim.mark_id('example', 'sun-red.png'), logosim.mark_id('example', 'ring.png')]) d
              order by 1) as several;

select r.file, r.brand_text, r.phonemes, r.vienna_codes, r.blank, octet_length(p.patches) as patch_bytes
  from logosim.rerank_inputs(
         array[logosim.mark_id('example', 'ring.png'), logosim.mark_id('example', 'sun-yellow.png')]) r
  left join logosim.patches_of(array[logosim.mark_id('example', 'ring.png')]) p on p.mark_id = r.mark_id
 order by r.file;
