"""`contactsync doctor`: checks this host and prints the command that fixes each problem.

One module per subject: `database`, `server_settings`, `folders`, `host`, `leftovers`, `reports`. `command` runs
them all; `finding` is what each of them returns.
"""
