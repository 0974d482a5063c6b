"""The two-stage search: candidates from the database, judged and explained here."""
