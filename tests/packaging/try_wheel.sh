#!/bin/bash
# Install a wheel into a fresh environment, without this checkout, and run its demo: `make try-wheel`.
#   try_wheel.sh WHEEL
set -euo pipefail
wheel=$(realpath "$1")
checkout=$(realpath "$(dirname "$0")/../..")
: "${UV:?}" "${PYTHON:?}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$UV" venv --quiet --python "$PYTHON" "$work/venv"
install() { "$UV" pip install --quiet --python "$work/venv/bin/python" "$@"; }
install --only-binary :all: --no-binary pyftpdlib --build-constraints "$checkout/requirements/build.txt" \
    --require-hashes --requirement "$checkout/requirements/demo.txt"
install --no-deps "$wheel"
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
cd "$work"
"$work/venv/bin/contactsync" --version
"$checkout/tests/packaging/try_demo.sh" "$port" "$work/venv/bin/contactsync" demo --port "$port"
