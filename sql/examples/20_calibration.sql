-- What is likeness worth as evidence, and which words distinguish nothing?
select c.channel, c.value, c.evidence
  from logosim.calibration c
 where c.model = ''
 order by c.channel, c.value;

select g.kind, count(*) as words from logosim.generic_word g group by g.kind order by g.kind;
