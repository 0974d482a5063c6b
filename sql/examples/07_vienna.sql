-- One spelling for codes, the headings under a category, and what a filter at any level compares with.
select logosim.vienna_code('26.4.5') as canonical
     , logosim.vienna_keys(array['26.04.05', '29.01.12']) as keys;

select v.code, v.label
  from logosim.vienna v
 where v.code like '26%'
 order by v.code;
