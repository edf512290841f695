#!/bin/bash
# Run the unit tests on every Python from 3.11 on that this machine has, but .venv's, which `make test` uses:
# `make try-pythons`. Each gets an environment below .venv, with the locked versions. A version that is not here is
# named, and is no failure.
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${UV:?}"
SUPPORTED=(3.11 3.12 3.13 3.14)

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }
tested=$(version_of .venv/bin/python)
for version in "${SUPPORTED[@]}"; do
    [ "$version" != "$tested" ] || continue
    python=
    # pyenv's own `python3.13` is a script that fails if no folder selects that version.
    for found in $(type -ap "python$version") "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version".*/bin/python3; do
        if [ "$(version_of "$found")" = "$version" ]; then python=$found; fi
    done
    if [ -z "$python" ]; then
        echo "Python $version is not on this machine: not tested"
        continue
    fi
    echo "== unit tests, Python $version ($python)"
    environment=.venv/pythons/$version
    "$UV" venv --quiet --clear --python "$python" "$environment"
    "$UV" pip install --quiet --python "$environment/bin/python" --only-binary :all: --no-binary pyftpdlib \
        --build-constraints requirements/build.txt --require-hashes --requirement requirements/dev.txt
    "$UV" pip install --quiet --python "$environment/bin/python" --no-deps --build-constraints requirements/build.txt \
        --editable .
    "$environment/bin/python" -m pytest -n 4 --dist loadfile --quiet tests/unit
done
