-- Purpose: analysts that have no time limit of their own get one; see logosim.limit_analysts, which also changes it.

select logosim.limit_analysts();
