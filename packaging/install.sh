#!/bin/sh
# Install contactsync below $DESTDIR$PREFIX, into its own environment that works at $PREFIX:
# `make install`.
#   UV         the uv to install with
#   PYTHON     the interpreter of the environment on its host, such as /usr/bin/python3
#   EXTRA      extras of the package, such as [embedded]
set -eu
cd "$(dirname "$0")/.."

: "${UV:?}" "${PYTHON:?}" "${PREFIX:?}"
root="${DESTDIR:-}$PREFIX"
lib="$root/lib/contactsync"
# Where the program, its unit and its tmpfiles.d line look for it.
etc="${DESTDIR:-}/etc/contactsync"

case $PREFIX in
    /*) ;;
    *) echo "make install: PREFIX must begin with /" >&2; exit 2 ;;
esac
case ${EXTRA:-} in
    '') lock=requirements/base.txt ;;
    '[embedded]') lock=requirements/embedded.txt ;;
    *) echo "make install: EXTRA must be empty or [embedded]" >&2; exit 2 ;;
esac
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "make install: $PYTHON is older than Python 3.11: make install SYSTEM_PYTHON=…" >&2
    exit 2
}

# Build the environment aside, then swap it in: a running daemon still imports from the old one.
# Relocatable: no file in it contains its path.
new="$lib.new"
rm -rf "$new"
mkdir -p "$root/lib"
umask 022
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV
"$UV" venv --quiet --no-project --relocatable --python "$PYTHON" "$new"
# The lock file has a hash for every library, and the build constraints for what builds the project.
# Only wheels: no library's own program runs here.
"$UV" pip install --quiet --python "$new/bin/python" --link-mode copy --only-binary :all: \
    --require-hashes --requirement "$lock"
"$UV" pip install --quiet --python "$new/bin/python" --link-mode copy --no-deps \
    --build-constraints requirements/build.txt .
# Keep only the interpreter. Remove other packages' commands and traces of the build folder.
find "$new/bin" ! -name 'python*' ! -type d -delete
for info in "$new"/lib/python3*/site-packages/contactsync-*.dist-info; do
    rm -f "$info/direct_url.json" "$info"/uv_*.json
    sed -i '/\/direct_url.json,/d; /\/uv_[a-z]*.json,/d' "$info/RECORD"
done
rm -f "$new/.lock" "$new/.gitignore" "$new/CACHEDIR.TAG"
# Users cannot write bytecode here later, so every start would compile. Use the paths of the host.
"$new/bin/python" -I -m compileall -q -j 0 -x '/tests/' -s "$new" -p "$PREFIX/lib/contactsync" "$new/lib" >/dev/null
rm -rf "$lib.old"
if [ -e "$lib" ]; then mv "$lib" "$lib.old"; fi
mv "$new" "$lib"
rm -rf "$lib.old"

install -d "$root/bin"
sed "s|@LIB@|$PREFIX/lib/contactsync|" packaging/contactsync.sh >"$root/bin/contactsync"
chmod 755 "$root/bin/contactsync"

doc="$root/share/doc/contactsync"
install -d "$root/lib/systemd/system" "$root/lib/sysusers.d" "$root/lib/tmpfiles.d" "$root/share/man/man1" \
    "$doc/docs/internals" "$doc/monitoring"
sed "s|/usr/bin/contactsync|$PREFIX/bin/contactsync|; s|/usr/share/doc|$PREFIX/share/doc|" \
    systemd/contactsync.service >"$root/lib/systemd/system/contactsync.service"
chmod 644 "$root/lib/systemd/system/contactsync.service"
install -m 644 systemd/contactsync.sysusers "$root/lib/sysusers.d/contactsync.conf"
install -m 644 systemd/contactsync.tmpfiles "$root/lib/tmpfiles.d/contactsync.conf"
install -m 644 README.md ARCHITECTURE.md CHANGELOG.md SECURITY.md LICENSE systemd/contactsync.toml \
    systemd/group-readable.conf sql/roles.sql packaging/sbom.cdx.json "$doc"
install -m 644 docs/*.md "$doc/docs"
install -m 644 docs/internals/*.md "$doc/docs/internals"
install -m 644 monitoring/* "$doc/monitoring"
install -m 644 docs/contactsync.1 "$root/share/man/man1"
install -D -m 644 packaging/completion/contactsync.bash "$root/share/bash-completion/completions/contactsync"
install -D -m 644 packaging/completion/contactsync.zsh "$root/share/zsh/vendor-completions/_contactsync"
install -D -m 644 packaging/completion/contactsync.fish "$root/share/fish/vendor_completions.d/contactsync.fish"

# Keep the operators' configuration; the example in the documentation lists every key of this
# version.
install -d -m 750 "$etc"
if [ ! -e "$etc/contactsync.toml" ]; then
    install -m 640 systemd/contactsync.toml "$etc/contactsync.toml"
fi

[ -z "${DESTDIR:-}" ] || exit 0
if [ "$(id -u)" != 0 ]; then
    echo "installed; now run this as root, for the user contactsync and the folders' modes: packaging/host.sh"
    exit 0
fi
PREFIX=$PREFIX packaging/host.sh
echo "installed; next: edit /etc/contactsync/contactsync.toml, then run systemctl enable --now contactsync"
