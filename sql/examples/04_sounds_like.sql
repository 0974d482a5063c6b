-- Which marks are spelt or pronounced like a name that somebody wants to register?
select s.brand_text, s.year
     , round(s.spelling_similarity::numeric, 2) as spelling
     , round(s.sound_similarity::numeric, 2) as sound
  from logosim.sounds_like('Pellican', k => 10) s;
