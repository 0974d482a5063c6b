-- Which divisions are common among the marks?
select c.code, c.label, c.marks, c.percent
  from logosim.vienna_coverage c
 order by c.marks desc, c.code
 limit 20;
