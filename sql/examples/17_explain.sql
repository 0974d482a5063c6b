-- Why is the one mark like the other? A row for each channel; the contributions add up to the score of a search.
-- (Put source and file name of marks of yours, or their ids, in place of those here.)
select e.channel, round(e.value::numeric, 2) as value, round(e.contribution::numeric, 4) as contribution, e.sentence
  from logosim.explain(logosim.mark_id('example', 'sun-yellow.png'), logosim.mark_id('example', 'sun-red.png')) e;
