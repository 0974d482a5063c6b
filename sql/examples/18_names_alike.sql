-- How alike are names, as a search judges them: written, spoken, both; and ALINE on transcriptions of one's own?
select p.one, p.other
     , round(logosim.spelling_similarity(p.one, p.other)::numeric, 2) as spelling
     , round(logosim.sound_similarity(p.one, p.other)::numeric, 2) as sound
     , round(logosim.name_similarity(p.one, p.other)::numeric, 2) as name
     , round(logosim.aline_similarity(logosim.phonemes(p.one), logosim.phonemes(p.other))::numeric, 2) as aline
  from (values ('PHILDAR', 'Fildor'), ('Golden Stork', 'STORK'), ('Nike', 'Pelikan')) as p (one, other)
 order by 5 desc;
