-- Role: owner
-- Give statements of analysts two minutes; logins that are made later have the limit once this, or an upgrade, is run.
select * from logosim.limit_analysts('2 minutes');
