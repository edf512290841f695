"""Applies what was read to the database: staging tables first, then one merge per deposit.

Called by `processing.apply` only. Other packages may import `staging.Stage` and
`merge.Merge`. It knows the statements in `sql/applying/`, and neither files nor how they are read.
"""
