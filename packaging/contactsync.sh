#!/bin/sh
# Isolated (-I): neither PYTHONPATH nor the current folder has a say in what is imported.
exec @LIB@/bin/python -I -m contactsync "$@"
