#!/bin/bash
# Run README's two commands on a clean Debian 13, with its Python 3.13: `make run`, and `make test` on its
# PostgreSQL 17. Takes about half an hour and needs root and the Debian packages debootstrap and
# systemd-container: `make try-debian13`.
#   CLEAN_ROOT      a fresh debootstrap of trixie to copy, instead of creating one
#   DEBIAN_MIRROR   the mirror for debootstrap
#   ARGS            for pytest, such as tests/integration: instead of the whole suite
set -euo pipefail

checkout=$(realpath "$(dirname "$0")/../..")
for tool in debootstrap systemd-nspawn; do
    command -v "$tool" >/dev/null || { echo "$0: apt-get install debootstrap systemd-container" >&2; exit 2; }
done
[ "$(id -u)" = 0 ] || { echo "$0: run it as root" >&2; exit 2; }

work=$(mktemp -d /var/tmp/contactsync-debian13.XXXXXX)
root=$work/root
trap 'rm -rf --one-file-system "$work"' EXIT
# The package registry is the one for which this host's pip and uv are configured.
settings=()
while IFS='=' read -r name value; do
    case $name in
        PIP_FIND_LINKS | UV_FIND_LINKS | PIP_REQUIRE_VIRTUALENV) ;;
        PIP_* | UV_* | SSL_CERT_FILE | REQUESTS_CA_BUNDLE | http_proxy | https_proxy | no_proxy)
            settings+=("--setenv=$name=$value") ;;
    esac
done < <(env)
# /tmp belongs to the copied root: a tmpfs of systemd-nspawn has no devices, which the tests create.
inside() {
    SYSTEMD_NSPAWN_TMPFS_TMP=0 systemd-nspawn --quiet --register=no --keep-unit --directory="$root" --setenv=DEBIAN_FRONTEND=noninteractive \
        --setenv=LC_ALL=C.UTF-8 "${settings[@]}" "$@" </dev/null
}

if [ -n "${CLEAN_ROOT:-}" ]; then
    cp -a "$CLEAN_ROOT" "$root"
else
    debootstrap --variant=minbase trixie "$root" ${DEBIAN_MIRROR:-} >"$work/debootstrap.log" ||
        { tail -20 "$work/debootstrap.log"; exit 1; }
fi
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
for file in /etc/pip.conf /etc/uv/uv.toml /root/.config/pip/pip.conf /root/.config/uv/uv.toml; do
    [ ! -e "$file" ] || install -D "$file" "$root$file"
done
# Certificates that this host trusts beside Debian's own.
install -D /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
git clone --quiet "$checkout" "$root/root/contactsync"
rm -f "$root/root/contactsync/.python-version"

echo "== install"
inside sh -ec '
    quietly() { "$@" >/root/apt.log 2>&1 || { tail -20 /root/apt.log; exit 1; }; }
    quietly apt-get update
    quietly apt-get install --yes --no-install-recommends git make python3 python3-venv ca-certificates curl \
        postgresql-17 openssl openssh-client strace util-linux procps iproute2'
[ ! -e /usr/local/share/ca-certificates ] || cp -a /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
install -D /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"

echo "== make run"
inside sh -ec 'cd /root/contactsync; python3 --version
    tests/packaging/try_demo.sh 2121 make run'

echo "== make test, PostgreSQL 17"
inside --setenv=ARGS="${ARGS:-}" sh -ec '
    folder=$(runuser -u postgres -- mktemp -d /tmp/pg.XXXXXX)
    cd /
    bin=/usr/lib/postgresql/17/bin
    runuser -u postgres -- $bin/initdb --pgdata="$folder/pgdata" --username=postgres --auth=trust --encoding=UTF8 \
        --locale=C.UTF-8 --no-sync >/dev/null
    runuser -u postgres -- $bin/pg_ctl --pgdata="$folder/pgdata" --log="$folder/log" --wait --silent start --options \
        "-c listen_addresses= -c unix_socket_directories=$folder -c fsync=off -c full_page_writes=off"
    cd /root/contactsync
    status=0
    CONTACTSYNC_TEST_DATABASE_URL="postgresql:///postgres?host=$folder&user=postgres" make test ARGS="$ARGS" || status=$?
    runuser -u postgres -- $bin/pg_ctl --pgdata="$folder/pgdata" --mode=immediate --wait --silent stop
    exit $status'
echo "passed"
