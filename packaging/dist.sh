#!/bin/bash
# Build the source distribution and the wheel of this checkout into the folder $1: `make dist`. Both are built
# twice, in different folders; the second build must be the same, byte for byte. Then twine checks them.
set -euo pipefail
cd "$(dirname "$0")/.."

: "${UV:?}" "${TWINE:?}"
uv=$(realpath "$UV")
# hatchling gives files in the archives this time: that of the last commit, or a fixed one outside a repository.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || echo 1767225600)
export SOURCE_DATE_EPOCH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for turn in first second; do
    # A copy: what is built must not depend on the folder, nor on files that git does not know.
    mkdir "$work/$turn"
    git ls-files -z | tar --create --null --files-from=- | tar --extract --directory="$work/$turn"
    (cd "$work/$turn" && "$uv" build --quiet --build-constraints requirements/build.txt --require-hashes --out-dir "$work/$turn-dist")
done
for file in "$work"/first-dist/*; do
    cmp "$file" "$work/second-dist/$(basename "$file")"
done
"$TWINE" check --strict "$work"/first-dist/*
mkdir -p "$1"
cp "$work"/first-dist/*.whl "$work"/first-dist/*.tar.gz "$1/"
(cd "$1" && sha256sum ./*.whl ./*.tar.gz)
