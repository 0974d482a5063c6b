-- The same among marks with a bird or a star, registered from 2010 on, that have a name.
-- (Put source and file name of a mark of yours, or its id, in place of 'example' and 'sun-yellow.png'.)
select s.mark_id, s.brand_text, s.year, s.vienna_codes
  from logosim.similar(
         logosim.mark_id('example', 'sun-yellow.png')
       , vienna_any => '{3.7, 01.01}'
       , year_from => 2010
       , has_text => true) s;
