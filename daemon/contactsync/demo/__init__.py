"""`contactsync demo`: an FTP server, a database and the daemon on this machine, to try it all.

Only `cli.run` starts it. `show` is the face, `story` its text.
"""
