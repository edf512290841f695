"""Publishes each account's daily report below `reporting/` (protocol 6).

`days`, `archives` and `csv_text` decide (pure), `writer` copies from the database into zips, `folder`
knows `reporting/` on disk, `publish` publishes one day, `publisher` is the thread. Other packages may
import `publish`, `publisher`, `days` and `folder`.
"""
