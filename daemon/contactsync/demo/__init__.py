"""`contactsync demo`: an FTP server, a database and the daemon on this machine, to try contactsync.

Only `cli.run` starts it, by `show`. `ftp_server` receives uploads, `campaigns` makes reports, `story` is
the text that it prints.
"""
