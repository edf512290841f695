#!/usr/bin/env bash
# Unpack the FTP servers for the acceptance tests (vsftpd, proftpd, pure-ftpd and OpenSSH), and the
# pooler pgbouncer.
#
#   tests/acceptance/servers/install.sh [FOLDER]
#
# As Debian packages they conflict, and they would start on the machine's own ports. So this script
# only unpacks each one, with the libraries that this machine lacks, into its own folder below
# FOLDER (default: $CONTACTSYNC_TEST_SERVERS, else .servers in the checkout). Remove FOLDER to undo
# it. Existing folders are left unchanged. The script needs apt's package lists, and root or sudo
# only to fetch them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-${CONTACTSYNC_TEST_SERVERS:-$here/../../../.servers}}
SERVERS=(vsftpd proftpd-core pure-ftpd openssh-server pgbouncer)

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# The package itself, its companion packages, and the libraries that apt would install with it.
wanted() {
    local packages=("$1")
    if [ "$1" = openssh-server ]; then packages+=(openssh-sftp-server); fi
    printf '%s\n' "${packages[@]}"
    apt-get --simulate --reinstall --no-install-recommends install "${packages[@]}" |
        awk '$1 == "Inst" && $2 ~ /^lib/ { print $2 }'
}

# Unpack aside and rename at the end: an existing folder is complete.
unpack() {
    local made packages
    made=$(mktemp -d "$folder/.making.XXXXXX")
    packages=$(wanted "$1") && (cd "$made" && apt-get --quiet --quiet download $packages) || return 1
    for deb in "$made"/*.deb; do
        dpkg --extract "$deb" "$made/root"
        rm "$deb"
    done
    chmod 755 "$made/root"
    mv -T "$made/root" "$folder/$1"
    rmdir "$made"
}

mkdir -p "$folder"
rm -rf "$folder"/.making.*
for server in "${SERVERS[@]}"; do
    [ -d "$folder/$server" ] && continue
    echo "unpacking $server"
    unpack "$server" 2>/dev/null || { as_root apt-get update -qq && unpack "$server"; }
done
