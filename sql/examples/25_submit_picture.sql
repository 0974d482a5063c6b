-- Hand a picture to a worker without waiting, and see later what came of it: once this is committed and a worker has
-- looked, the state is done and there is a handle. (Put the bytes of your file in place of these; here it is taken back.)
select set_config('example.request', logosim.submit_picture('\x89504e47', brand_text => 'ACME')::text, false) as request;

select a.state, a.handle, a.error_code, a.error, a.hint
     , logosim.pictures_waiting() as waiting
     , logosim.withdraw_picture(current_setting('example.request')::uuid) as taken_back
  from logosim.picture_answer(current_setting('example.request')::uuid) a;
