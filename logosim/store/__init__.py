"""The database as the rest of logosim sees it: thin calls of logosim.* functions, domain values in and out."""
