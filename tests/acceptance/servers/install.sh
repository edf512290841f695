#!/usr/bin/env bash
# Unpack the FTP servers that the acceptance tests start: vsftpd, proftpd, pure-ftpd and OpenSSH's.
#
#   tests/acceptance/servers/install.sh [FOLDER]
#
# As Debian packages they conflict, and would start on the machine's own ports. So each is only unpacked, with the
# libraries that this machine lacks, into a folder of its own below FOLDER (default: $CONTACTSYNC_TEST_SERVERS, else
# .servers in the checkout); removing FOLDER undoes it. What is there is left alone. Needs apt's package lists alone,
# and root or sudo only where these have to be fetched first.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-${CONTACTSYNC_TEST_SERVERS:-$here/../../../.servers}}
SERVERS=(vsftpd proftpd-core pure-ftpd openssh-server)

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# The package itself, with what belongs to it, and the libraries that installing it would bring along.
wanted() {
    local packages=("$1")
    if [ "$1" = openssh-server ]; then packages+=(openssh-sftp-server); fi
    printf '%s\n' "${packages[@]}"
    apt-get --simulate --reinstall --no-install-recommends install "${packages[@]}" |
        awk '$1 == "Inst" && $2 ~ /^lib/ { print $2 }'
}

# Everything is made aside and renamed at the end: a folder that is there is whole.
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
