-- How is a name read to English, German and Romance ears, and what is it searched by?
select name
     , logosim.normalise_text(name) as searched_by
     , logosim.phonemes(name) as pronounced
  from unnest(array['Straße', 'Château & Söhne', 'PHILDAR', 'ЛОГО']) as name;
