#!/bin/bash
# Try the Debian package $1 on a clean Debian 12: install it with apt, run it under a real systemd
# with Debian's PostgreSQL, use it, remove it, purge it. Takes a few minutes and needs root and the
# Debian packages debootstrap and systemd-container: `make try-deb`.
#   CLEAN_ROOT      a fresh debootstrap to copy, instead of creating one
#   DEBIAN_MIRROR   the mirror for debootstrap
set -euo pipefail

package=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
for tool in debootstrap systemd-nspawn; do
    command -v "$tool" >/dev/null || { echo "$0: apt-get install debootstrap systemd-container" >&2; exit 2; }
done
[ "$(id -u)" = 0 ] || { echo "$0: run it as root" >&2; exit 2; }

work=$(mktemp -d /var/tmp/contactsync-deb.XXXXXX)
root=$work/root
trap 'rm -rf --one-file-system "$work"' EXIT
inside() { systemd-nspawn --quiet --register=no --keep-unit --directory="$root" "$@" </dev/null; }

if [ -n "${CLEAN_ROOT:-}" ]; then
    cp -a "$CLEAN_ROOT" "$root"
else
    debootstrap --variant=minbase bookworm "$root" ${DEBIAN_MIRROR:-} >"$work/debootstrap.log" ||
        { tail -20 "$work/debootstrap.log"; exit 1; }
fi
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
cp "$package" "$root/root/contactsync.deb"
cp "$here/in_debian.sh" "$root/root/"

echo "== install"
inside --setenv=DEBIAN_FRONTEND=noninteractive sh -ec '
    apt-get update -qq
    quietly() { "$@" >/root/apt.log 2>&1 || { tail -20 /root/apt.log; exit 1; }; }
    quietly apt-get install --yes --no-install-recommends systemd-sysv postgresql-15 procps
    quietly apt-get install --yes --no-install-recommends /root/contactsync.deb
    cat >/etc/systemd/system/trial.service <<UNIT
[Unit]
After=multi-user.target
[Service]
Type=oneshot
Environment=LC_ALL=C.UTF-8
ExecStart=/bin/bash /root/in_debian.sh
StandardOutput=append:/root/trial.log
StandardError=inherit
TimeoutStartSec=infinity
ExecStopPost=/bin/sh -c "echo \$EXIT_STATUS >/root/trial.status; systemctl --no-block poweroff"
[Install]
WantedBy=default.target
UNIT
    systemctl enable --quiet trial.service'

echo "== boot"
inside --boot --private-network --console=pipe >"$work/console.log" 2>&1 || true
cat "$root/root/trial.log"
[ "$(cat "$root/root/trial.status")" = 0 ] || { echo "the trial failed"; exit 1; }
echo "passed"
