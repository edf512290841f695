"""docs/ftp-servers.md: each server starts with the configuration on the page, on its own port, and takes an upload.

The account is a user of the machine or of the server, as the page says, and its folders are those of `contactsync
init`. Neither a folder nor a mode can be made by the client where the page denies it.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.servers.server import libraries, program
from tests.docs.blocks import blocks
from tests.docs.private_host import needs_root, run

PAGE = "docs/ftp-servers.md"
PASSWORD = "a-secret"
UPLOADED = "Email\na@example.com\n"

# Users, a home with the folders of `contactsync init`, a key pair and a certificate; /run and /srv are new.
HOST = r"""
mount -t tmpfs -o mode=755 none /run
mkdir -p /srv && mount -t tmpfs -o mode=755 none /srv
mkdir -p /run/vsftpd/empty /run/proftpd /run/sshd /etc/proftpd /etc/pure-ftpd /etc/ssh
getent passwd sshd >/dev/null || echo 'sshd:x:64998:65534::/run/sshd:/usr/sbin/nologin' >> /etc/passwd
echo 'acme:x:5001:5001::/srv/ftp/acme:/usr/sbin/nologin' >> /etc/passwd
echo "acme:$DIGEST:19000:0:99999:7:::" >> /etc/shadow
printf 'acme:x:5001:\nsftpaccounts:x:5002:acme\n' >> /etc/group
home=/srv/ftp/acme
install -d /srv/ftp && install -d -g 5001 -m 751 $home
install -d -o 64999 -g 5001 -m 2750 $home/contacts
install -d -o 64999 -g 5001 -m 3770 $home/contacts/import
install -d -o 64999 -g 5001 -m 2770 $home/contacts/import/in
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -days 2 -keyout "$WORK/key" -out "$WORK/crt" 2>/dev/null
mkdir -p /etc/ssl/private && cat "$WORK/key" "$WORK/crt" > /etc/ssl/private/ftp.pem
chmod 600 /etc/ssl/private/ftp.pem
until_it_greets() {
    for ((tries = 0; tries < 600; tries++)); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$1" && read -r -t 10 line <&3 && [[ $line == *220* || $line == SSH-* ]]) 2>/dev/null
        then return; fi
        sleep 0.1
    done
    cat "$WORK/output"; exit 1
}
client() { curl --silent --show-error --max-time 60 --user "acme:$PASSWORD" "$@"; }
url=ftp://127.0.0.1/contacts/import/in/
"""

# The client's exit status of each: an upload, a folder, a mode. 21 is curl's "quote error".
FTP_CLIENT = r"""
until_it_greets 21
set +e
client $CLIENT -T "$WORK/list.csv" $url; echo "upload $?"
client $CLIENT --list-only -Q "MKD contacts/import/in/folder" ftp://127.0.0.1/ >/dev/null 2>&1; echo "folder $?"
client $CLIENT --list-only -Q "SITE CHMOD 777 contacts/import/in/list.csv" ftp://127.0.0.1/ >/dev/null 2>&1; echo "mode $?"
cat $home/contacts/import/in/list.csv
stat -c "%u %g %a" $home/contacts/import/in/list.csv
"""

VSFTPD = r"""
echo /usr/sbin/nologin >> /etc/shells
printf 'auth include common-auth\naccount include common-account\nauth required pam_shells.so\n' > /etc/pam.d/vsftpd
chown root "$WORK/configuration"
"$PROGRAM" "$WORK/configuration" >"$WORK/output" 2>&1 &
"""

PROFTPD = r"""
(umask 077; cp "$WORK/users" /etc/proftpd/ftpd.passwd)
"$PROGRAM" --nodaemon --config "$WORK/configuration" >"$WORK/output" 2>&1 &
"""

PURE_FTPD = r"""
(umask 077; cp "$WORK/users" /etc/pure-ftpd/pureftpd.passwd)
export PATH="$(dirname "$PROGRAM"):$(dirname "$PROGRAM")/../bin:$PATH"
pure-pw mkdb /etc/pure-ftpd/pureftpd.pdb -f /etc/pure-ftpd/pureftpd.passwd
bash "$WORK/configuration" >"$WORK/output" 2>&1 &
"""

SSHD = r"""
ssh-keygen -q -t ed25519 -N "" -f "$WORK/id" && ssh-keygen -A >/dev/null
mkdir -p $home/.ssh && cp "$WORK/id.pub" $home/.ssh/authorized_keys
"$PROGRAM" -D -e -f "$WORK/configuration" >"$WORK/output" 2>&1 &
until_it_greets 22
set +e
batch() {
    printf '%s\n' "$@" | sftp -q -b - -i "$WORK/id" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
        -o LogLevel=ERROR acme@127.0.0.1 2>&1 >/dev/null | grep -v "^Warning" >&2
    return "${PIPESTATUS[1]}"
}
batch "put $WORK/list.csv contacts/import/in/"; echo "upload $?"
batch "mkdir contacts/import/in/folder" 2>/dev/null; echo "folder $?"
batch "chmod 777 contacts/import" 2>/dev/null; echo "mode $?"
cat $home/contacts/import/in/list.csv
stat -c "%u %g %a" $home/contacts/import/in/list.csv
"""


def on_the_page(language: str) -> list[str]:
    return [block.text for block in blocks(language) if block.page == PAGE]


@pytest.fixture(scope="module")
def digest() -> str:
    command = ["openssl", "passwd", "-6", PASSWORD]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def uploads(work: Path, digest: str, package: str, script: str, configuration: str, **more: str) -> list[str]:
    """Start the server and upload; gives the client's exit statuses, the file's lines, its owner and mode."""
    if not program(package):
        pytest.skip(f"{package} is not installed: make servers")
    (work / "configuration").write_text(configuration)
    (work / "configuration").chmod(0o644)
    (work / "list.csv").write_text(UPLOADED)
    environment = {"DIGEST": digest, "PASSWORD": PASSWORD, "PROGRAM": program(package), "CLIENT": ""}
    done = run(HOST + script, work, environment | libraries(package) | more)
    output = (work / "output").read_text(errors="replace") if (work / "output").exists() else ""
    assert "upload 0" in done.stdout, done.stdout + done.stderr + output
    return done.stdout.splitlines()


REFUSED = ["upload 0", "folder 21", "mode 21", *UPLOADED.splitlines()]


@needs_root
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_vsftpd(tls: bool, work: Path, digest: str) -> None:
    """The second block is added to the first."""
    plain, secure = on_the_page("vsftpd")
    client = "--ssl-reqd --insecure --tls-max 1.2" if tls else ""
    shown = uploads(work, digest, "vsftpd", VSFTPD + FTP_CLIENT, plain + secure * tls, CLIENT=client)
    assert shown == [*REFUSED, "5001 5001 640"]


@needs_root
def test_proftpd(work: Path, digest: str) -> None:
    """Its users are in a file of its own; a comment of the configuration shows a line of it."""
    (configuration,) = on_the_page("proftpd")
    user = re.search(r"^#.*?(acme:\S+)$", configuration, re.MULTILINE)
    assert user is not None
    (work / "users").write_text(user[1].replace("$6$…", digest) + "\n")
    shown = uploads(work, digest, "proftpd-core", PROFTPD + FTP_CLIENT, configuration)
    assert shown == [*REFUSED, "5001 5001 640"]


@needs_root
def test_pure_ftpd(work: Path, digest: str) -> None:
    """It has no option against folders."""
    (command,) = on_the_page("pure-ftpd")
    (user,) = on_the_page("passwd")
    (work / "users").write_text(user.replace("$6$…", digest))
    shown = uploads(work, digest, "pure-ftpd", PURE_FTPD + FTP_CLIENT, command)
    assert shown == ["upload 0", "folder 0", "mode 21", *UPLOADED.splitlines(), "5001 5001 640"]


@needs_root
def test_sshd(work: Path, digest: str) -> None:
    """The account cannot make folders, nor change the modes of the daemon's."""
    (configuration,) = on_the_page("sshd_config")
    shown = uploads(work, digest, "openssh-server", SSHD, configuration)
    assert shown == ["upload 0", "folder 1", "mode 1", *UPLOADED.splitlines(), "5001 5001 640"]
