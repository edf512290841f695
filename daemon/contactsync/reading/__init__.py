"""Reads a deposit's file and judges its rows. Pure, column by column, and needs no database.

`examination` is the face. Other packages may also import `findings`, `verdict`, `returned`, `batch.Batch`,
`encoding.TextEncoding`, `scan.Rows`, `occurrences` and `removal` (the rows that name a person, and a file without
them) and `container.looks_whole`.
"""
