"""One person's data: what is held, where it came from, and the history of consent.

Called by `cli.person`. Other packages may import `person`, `records`, `kept_files` and `history`, which only read, and
`erased_rows` and `erased_files`, which erase.
"""
