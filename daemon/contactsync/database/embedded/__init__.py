"""The embedded PostgreSQL: its binaries come from a package, its cluster is in `data_dir`.

`server` starts and stops it. `owner_lock` decides which process owns it, `cluster` initialises it,
`server_files` reads the server's files, `exec` ties the child process to its parent.
"""
