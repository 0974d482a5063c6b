-- Role: logosim_api
-- Keep what was seen in a picture, here the features of a stored mark, to ask about it by a handle.
-- (Put source and file name of a mark of yours, or its id, in place of 'example' and 'sun-yellow.png'.)
select r.expires_at - now() < interval '1 hour' as soon_gone
  from logosim.mark_features f
  join logosim.model m on m.model_id = f.model_id and m.active
 cross join lateral logosim.remember_picture(
         m.model_id, f.picture_sha256, array[0], array[0], array[0], array[0], array[256], array[256]
       , array['SUN'], array[f.embedding], array[f.patches], vienna_codes => '{01.03}', keep_for => '30 minutes') r
 where f.mark_id = logosim.mark_id('example', 'sun-yellow.png');
