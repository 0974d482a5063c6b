-- Stage 1 as the API runs it: by look and by name at once, with a filter, and how the answer came about.
-- The embedding is that of a stored mark here; a program sends its own.
select s.mark_id, s.found_by, s.look_distance, s.spelling_similarity, s.sound_similarity, s.brand_text
     , s.route, s.passed, s.complete, s.examined
  from logosim.candidates(
         query_embedding => (select f.embedding
                               from logosim.mark_features f
                               join logosim.model m on m.model_id = f.model_id and m.active
                              where f.mark_id = logosim.mark_id('example', 'sun-yellow.png'))
       , query_text => 'Sonnengold'
       , vienna_all => '{01.03}'
       , candidates => 100
       , name_candidates => 50
       , vienna_none => '{26, 27.05}') s
 limit 20;
