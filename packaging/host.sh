#!/bin/sh
# Create the user contactsync and set the modes of /etc/contactsync, as root: `make install` runs this.
# systemd-sysusers and systemd-tmpfiles do it where they exist; containers often lack both.
set -eu
: "${PREFIX:=/usr/local}"

if command -v systemd-sysusers >/dev/null; then
    systemd-sysusers "$PREFIX/lib/sysusers.d/contactsync.conf"
elif ! id contactsync >/dev/null 2>&1; then
    useradd --system --user-group --home-dir /var/lib/contactsync --no-create-home \
        --shell /usr/sbin/nologin --comment "contactsync daemon" contactsync
fi
if command -v systemd-tmpfiles >/dev/null; then
    systemd-tmpfiles --create "$PREFIX/lib/tmpfiles.d/contactsync.conf"
else
    install -d -m 750 -o root -g contactsync /etc/contactsync
    chown root:contactsync /etc/contactsync/contactsync.toml
    chmod 640 /etc/contactsync/contactsync.toml
fi
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
else
    # The unit would make it (StateDirectory=).
    install -d -m 700 -o contactsync -g contactsync /var/lib/contactsync
fi
