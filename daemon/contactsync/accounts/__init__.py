"""The accounts: read them, change them, validate changes, and find homes that clash.

Called by the command line, the demo, the service and `processing`. Other packages may import every module:
`store` (read), `changes` (write), `removal` (delete), `rules` (what may be written), `homes` (clashing homes),
`adoption` (homes without an account).
It uses the database, the domain and `spool.home_pins`, and opens no file.
"""
