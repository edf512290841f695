"""The embedded PostgreSQL: its binaries come from a package, its cluster is in `data_dir`.

`server` starts and stops it, and `server_process` is its process. `owner_lock` decides which process owns it,
`cluster` initialises it, `provision` creates its database and roles, `server_files` reads the server's files.
`launch` runs PostgreSQL's programs as `server_user`, through `exec`, which ties the child process to its parent.
"""
