#!/bin/bash
# Run a command that starts the demo, in this folder, upload a file of one's own as it says, and stop it:
#   try_demo.sh PORT COMMAND [ARGUMENT…]
set -euo pipefail
port=$1
shift

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
setsid timeout --signal=INT 600 "$@" >"$work/output" 2>&1 &
demo=$!
until grep -q "Now upload your own file" "$work/output"; do
    kill -0 $demo 2>/dev/null || { cat "$work/output"; exit 1; }
    sleep 0.2
done
head -6 "$work/output"
printf 'Email\na@example.com\n' >"$work/mine.csv"
curl -sS -T "$work/mine.csv" "ftp://demo:demo@127.0.0.1:$port/contacts/import/in/"
until compgen -G ".demo/ftp/demo/contacts/import/ok/*_mine.csv"; do
    kill -0 $demo 2>/dev/null || { cat "$work/output"; exit 1; }
    sleep 0.2
done
# The whole session, as Ctrl-C in a terminal does.
kill -INT -- -$demo
wait $demo || true
