-- The same for names alone, among marks from 2000 on: weights of 0 leave a channel out, higher ones stress it.
-- (Put source and file name of a mark of yours, or its id, in place of 'example' and 'sun-yellow.png'.)
select s.brand_text, s.year, s.score, s.sound, s.spelling
  from logosim.search(
         logosim.mark_id('example', 'sun-yellow.png')
       , year_from => 2000
       , has_text => true
       , look_weight => 0
       , shape_weight => 0
       , sound_weight => 2
       , vienna_weight => 0) s;
