"""Applies what was read to the database: staging tables first, then one merge per deposit.

Called by `processing.apply` only. Other packages may import `staging.Stage`, `merge.Merge` and
`removal_guard.RemovalGuard`. It knows the statements in `sql/applying/`, and neither files nor how they are read.
"""
