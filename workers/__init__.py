"""Processes, not logic: claim work, extract, store, finish. Run one with `python -m workers`."""
