"""The connection to PostgreSQL, the SQL files, the migrations and the ledger of deposits.

All access to the database goes through this package. Other packages may import `connection`,
`statements`, `source` (which server), `session_settings`, `thread_sessions`, `roles`, `migrations`,
`ledger`, `retries` and `vanished`, and of `embedded` the modules `server` and `cluster`. It touches
no account's files.
"""
