"""The accounts: read them, change them, validate changes, and find homes that clash.

Called by the command line, the daemon and the demo. Other packages may import every module:
`store` (read), `changes` (write), `rules` (what may be written), `homes` (clashing homes).
It uses the database and the domain, and resolves the paths of homes; it opens no file.
"""
