"""`contactsync doctor`: looks for what is wrong on this host and prints the command that fixes it.

One module per subject: database, folders, host, leftovers. `command` runs them all; `finding` is
what each of them returns.
"""
