#!/bin/sh
# Isolated (-I): neither PYTHONPATH nor the current folder affects imports.
exec @LIB@/bin/python -I -m contactsync "$@"
