-- What does a code stand for, what lies above and below it, and which code is that of a thing?
select logosim.vienna_code('26.4.5') as with_zeros
     , logosim.vienna_short('26.04.05') as as_printed
     , logosim.vienna_level('26.4.5') as level
     , logosim.vienna_heading('26.4') as division
     , logosim.vienna_divisions(array['26.04.05', '29.01.12']) as divisions;

select * from logosim.vienna_ancestors('26.4.5');
select * from logosim.vienna_children('3');

select f.short, f.heading, f.above, f.similarity from logosim.vienna_search('elephant', at_level => 'division') f;
