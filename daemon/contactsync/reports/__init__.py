"""Publishes each account's daily report below `reporting/` (protocol 6).

`days`, `archives` and `csv_text` decide (pure), `writer` copies from the database into zips, `folder`,
`entries` and `builds` know `reporting/` on disk, `published_days` knows what is recorded of it,
`publish` publishes one day, `nightly` does what is due for an account, `publisher` is the thread, and
`owed` says what is missing. Other packages may import `publish`, `publisher`, `days`, `folder`,
`published_days`, `late_reactions` and `owed`.
"""
