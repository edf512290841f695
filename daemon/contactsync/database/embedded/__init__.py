"""The embedded PostgreSQL: its binaries come from a package, its cluster is in `data_dir`.

Only `database.source` starts it. `server` is the face; `cluster` initialises and starts the server,
`owner_lock` keeps a second daemon out, `server_files` knows the files, `exec` ties the child to us.
"""
