#!/bin/sh
# Remove what install.sh installed: `make uninstall`. Keep data, the user and a changed
# configuration.
set -eu
: "${PREFIX:?}"
root="${DESTDIR:-}$PREFIX"
etc="${DESTDIR:-}/etc/contactsync"

if [ -z "${DESTDIR:-}" ] && [ -d /run/systemd/system ]; then
    systemctl disable --now contactsync || true
fi
example="$root/share/doc/contactsync/contactsync.toml"
if [ -e "$example" ] && cmp -s "$example" "$etc/contactsync.toml"; then
    rm "$etc/contactsync.toml"
    rmdir --ignore-fail-on-non-empty "$etc"
fi
rm -rf "$root/lib/contactsync" "$root/lib/contactsync.new" "$root/lib/contactsync.old" "$root/share/doc/contactsync"
rm -f "$root/bin/contactsync" "$root/share/man/man1/contactsync.1" "$root/lib/systemd/system/contactsync.service" \
    "$root/share/bash-completion/completions/contactsync" "$root/share/zsh/vendor-completions/_contactsync" \
    "$root/share/fish/vendor_completions.d/contactsync.fish" \
    "$root/lib/sysusers.d/contactsync.conf" "$root/lib/tmpfiles.d/contactsync.conf"
if [ -z "${DESTDIR:-}" ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi
if [ -e "$etc/contactsync.toml" ]; then
    echo "kept: $etc/contactsync.toml, which was changed"
fi
echo "kept: the data in ${DESTDIR:-}/var/lib/contactsync, the FTP tree, user contactsync"
