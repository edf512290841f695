#!/bin/bash
# try_deb.sh runs this in the clean Debian, as a systemd service. Any failing line ends the trial.
set -euo pipefail
trap 'echo "FAILED at line $LINENO"; journalctl --no-pager -n 60 -u contactsync || true' ERR

step() { echo "== $*"; }
until_true() {  # DESCRIPTION COMMAND…
    local what=$1 deadline=$((SECONDS + 90))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || { echo "timed out: $what"; return 1; }
        sleep 0.2
    done
}
shown() { systemctl show --property "$1" --value contactsync; }
status_has() { shown StatusText | grep "$1" >/dev/null; }
logged() { journalctl --no-pager -o cat -u contactsync | grep "$1" >/dev/null; }
# A bare `!` would not end the script.
not() { ! "$@"; }
# As the FTP account: the file has mode 0600 and belongs to the account.
upload() {
    runuser -u acme -- sh -ec 'umask 077; cd /srv/ftp/acme/contacts/import/in
        printf "Référence;Email\nA1;a1@example.com\nA2;a2@example.com\n" >.up; mv .up "$1"' sh "$1"
}
applied() { ls /srv/ftp/acme/contacts/import/ok/*_"$1"; }

step "as installed"
id contactsync
stat -c '%a %U:%G %n' /etc/contactsync /etc/contactsync/contactsync.toml
[ "$(stat -c %a:%G /etc/contactsync/contactsync.toml)" = 640:contactsync ]
[ "$(systemctl is-enabled contactsync || true)" = disabled ]
[ "$(systemctl is-active contactsync || true)" = inactive ]
systemd-analyze verify --man=no contactsync.service
systemd-analyze security --no-pager contactsync.service 2>/dev/null | tail -1 || true
[ -n "$(find /usr/lib/contactsync -path '*/contactsync/__pycache__/*.pyc' -print -quit)" ]

step "with an existing PostgreSQL, password by credential"
until_true "PostgreSQL" pg_isready -h 127.0.0.1
runuser -u postgres -- psql -qc "CREATE ROLE contactsync LOGIN PASSWORD 'it''s a s\\cret'" -c "CREATE DATABASE contactsync OWNER contactsync"
install -d -m 700 /etc/credstore
(umask 077; printf "it's a s\\\\cret\n" >/etc/credstore/contactsync.database_password)
cat >>/etc/contactsync/contactsync.toml <<'TOML'
database_url = "postgresql://contactsync@127.0.0.1/contactsync"
database_password_file = "/etc/credstore/contactsync.database_password"
settle_seconds = 3600
grace_seconds = 3600
TOML
mkdir -p /srv/ftp
useradd --create-home acme
systemctl enable --now --quiet contactsync
[ "$(shown ActiveState)/$(shown StatusText)" != active/ ]
journalctl --no-pager -o cat -u contactsync | grep "applied 0001"
contactsync account add acme --dedup reference --unix-user acme --unix-group acme
contactsync init acme >/dev/null
grep -E '^(Cap(Eff|Bnd)|NoNewPrivs|Seccomp):' "/proc/$(shown MainPID)/status"

step "reload: no quiet time from now on"
upload first.csv
until_true "the account is seen" status_has "1 accounts"
sed -i 's/^settle_seconds = .*/settle_seconds = 0/; s/^grace_seconds = .*/grace_seconds = 0/' /etc/contactsync/contactsync.toml
systemctl reload contactsync
until_true "first.csv" applied first.csv
logged settings.reloaded
runuser -u postgres -- psql -d contactsync -qAtc 'SELECT count(*) FROM contactsync.contact' | grep -qx 2
not logged lease.unavailable
not logged '"bug"'
systemctl status --no-pager contactsync | sed -n '/Active:/p; /Status:/p'

step "an invalid configuration changes nothing"
cp -p /etc/contactsync/contactsync.toml /root/good.toml
sed -i 's/^settle_seconds = .*/settle_seconds = -1/' /etc/contactsync/contactsync.toml
systemctl reload contactsync
until_true "the status says so" status_has "configuration is invalid"
cp -p /root/good.toml /etc/contactsync/contactsync.toml
systemctl reload contactsync
until_true "the status is good" status_has "^1 accounts"

step "an unreachable database, also when the daemon starts"
systemctl stop postgresql
until_true "the status says so" status_has "waiting for the database"
upload second.csv
systemctl restart contactsync
[ "$(shown ActiveState)" = active ]
shown StatusText
status_has "waiting for the database"
systemctl start postgresql
until_true "second.csv" applied second.csv

step "a hung daemon is replaced"
mkdir -p /etc/systemd/system/contactsync.service.d
printf '[Service]\nWatchdogSec=6\n' >/etc/systemd/system/contactsync.service.d/trial.conf
systemctl daemon-reload
systemctl restart contactsync
hung=$(shown MainPID)
# Longer than the watchdog's interval: the daemon feeds it.
sleep 8
[ "$(shown MainPID)" = "$hung" ]
kill -STOP "$hung"
replaced() { [ "$(shown MainPID)" != "$hung" ] && [ "$(shown ActiveState)" = active ]; }
until_true "another process" replaced
journalctl --no-pager -o cat -u contactsync | grep -i "watchdog timeout"
upload third.csv
until_true "third.csv" applied third.csv
rm -r /etc/systemd/system/contactsync.service.d
systemctl daemon-reload

step "systemd does not restart a daemon with an invalid configuration"
cp -p /etc/contactsync/contactsync.toml /root/good.toml
echo 'no_such_key = 1' >>/etc/contactsync/contactsync.toml
not systemctl restart contactsync
[ "$(shown ExecMainStatus)/$(shown NRestarts)/$(shown ActiveState)" = 2/0/failed ]
cp -p /root/good.toml /etc/contactsync/contactsync.toml

step "a clean stop"
systemctl restart contactsync
systemctl stop contactsync
[ "$(shown ExecMainStatus)/$(shown Result)" = 0/success ]

step "with the embedded PostgreSQL"
sed -i '/^database_/d' /etc/contactsync/contactsync.toml
rm /etc/credstore/contactsync.database_password
systemctl start contactsync
contactsync account add acme --dedup reference --unix-user acme --unix-group acme >/dev/null
upload fourth.csv
until_true "fourth.csv" applied fourth.csv
for pid in $(pgrep -u contactsync postgres); do
    grep -qx 'CapEff:\s0000000000000000' "/proc/$pid/status"
done
not logged '"bug"'
systemctl status --no-pager contactsync | sed -n '/Active:/p; /Status:/p; /Memory:/p'

step "an upgrade restarts the running daemon and keeps the configuration"
before=$(shown MainPID)
dpkg -i /root/contactsync.deb >/dev/null
[ "$(shown ActiveState)" = active ]
[ "$(shown MainPID)" != "$before" ]
cmp <(sed '/^database_/d' /root/good.toml) /etc/contactsync/contactsync.toml

step "removed: configuration and data stay"
dpkg -r contactsync
[ ! -e /lib/systemd/system/contactsync.service ]
[ ! -e /usr/lib/contactsync ]
[ -e /etc/contactsync/contactsync.toml ]
not pgrep -u contactsync

step "purged: data stays"
dpkg -P contactsync
[ ! -e /etc/contactsync ]
[ -d /var/lib/contactsync/pgdata ]
applied fourth.csv
find / -xdev \( -path /proc -o -path /sys -o -path /srv -o -path /root -o -path /var/log -o -path /run \) -prune -o -name '*contactsync*' -print
