"""The connection to PostgreSQL, the SQL files, the migrations and the ledger of deposits.

Everything that talks to the database goes through here. Other packages may import `connection`,
`statements`, `source` (which server), `migrations` and `ledger`. It knows no file of an account.
"""
