"""The vocabulary: accounts, deposits, the 31 columns, names, errors and the sentences for uploaders.

Pure: no disk, no database, no log. Every package may import every module.
"""
