"""The accounts: read, write, check what may be written, and whose home clashes with whose.

Called by the command line, the daemon and the demo. Other packages may import every module:
`store` (read), `changes` (write), `rules` (what may be written), `homes` (clashing homes).
It uses the database and the domain, and no file but the homes it compares.
"""
