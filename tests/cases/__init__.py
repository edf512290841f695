"""Files that spreadsheets, CRMs and zip tools write, and what the program must make of each.

`csv/` and `exports/` hold the files as they were collected; `expectations.py` reads what is expected.
"""
