"""Removes settled files and ledger rows that are older than the settings allow.

`sweep` removes one batch, `sweeper` is the thread. The service and `tidy` import both.
"""
