-- Role: owner
-- Keep the hash of an API key, and withdraw the key. (`logosim keys add NAME` makes a key and shows it once.)
select logosim.add_api_key('k1', 'a partner', sha256('the whole key'));
select logosim.revoke_api_key('a partner') as revoked;
