"""How each server is started, and with which settings."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.acceptance.servers.server import ACCOUNT, PASSWORD, UNPACKED, USER, Kind, libraries, program

if TYPE_CHECKING:
    from tests.acceptance.servers.server import Server
PYFTPDLIB = f"""
import _strptime, os, sys  # what is imported later may be out of the account's reach
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
FTPHandler.authorizer = DummyAuthorizer()
FTPHandler.authorizer.add_user({USER!r}, {PASSWORD!r}, sys.argv[1], perm="elradfmwMT")
server = FTPServer(("127.0.0.1", int(sys.argv[2])), FTPHandler)
os.setgroups([])
os.setgid({ACCOUNT.pw_gid})
os.setuid({ACCOUNT.pw_uid})
server.serve_forever()
"""


def vsftpd(server: Server) -> list[str]:
    """Its anonymous mode takes any user's uid without PAM; uploads go through the same code as for local users."""
    (server.work / "empty").mkdir()
    lines = [
        *("listen=YES", "listen_address=127.0.0.1", f"listen_port={server.port}", "listen_ipv6=NO"),
        *("background=NO", "connect_from_port_20=NO", f"secure_chroot_dir={server.work}/empty"),
        *("anonymous_enable=YES", "no_anon_password=YES", f"ftp_username={ACCOUNT.pw_name}"),
        *(f"anon_root={server.root}", "anon_world_readable_only=NO", "write_enable=YES"),
        *("anon_upload_enable=YES", "anon_mkdir_write_enable=YES", "anon_other_write_enable=YES"),
        *("seccomp_sandbox=NO", "isolate=NO", "isolate_network=NO"),
        *("xferlog_enable=YES", f"vsftpd_log_file={server.work}/log"),
        *server.kind.options,
    ]
    if server.kind.protocol == "ftps":
        certificate = self_signed(server.work)
        lines += [f"rsa_cert_file={certificate}", f"rsa_private_key_file={certificate}"]
    conf = server.work / "vsftpd.conf"
    conf.write_text("".join(f"{line}\n" for line in lines))
    return [program("vsftpd"), str(conf)]


def self_signed(work: Path) -> Path:
    """A key and its certificate in one file."""
    path = work / "server.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *(
                "-subj",
                "/CN=127.0.0.1",
                "-days",
                "2",
                "-keyout",
                str(work / "key"),
                "-out",
                str(work / "crt"),
            ),
        ],
        check=True,
        capture_output=True,
    )
    path.write_bytes((work / "key").read_bytes() + (work / "crt").read_bytes())
    path.chmod(0o600)
    return path


def password_line(server: Server) -> str:
    """The account's name, password (its digest) and ids, as /etc/passwd would have them."""
    digest = subprocess.run(["openssl", "passwd", "-6", PASSWORD], check=True, capture_output=True, text=True)
    return f"{USER}:{digest.stdout.strip()}:{ACCOUNT.pw_uid}:{ACCOUNT.pw_gid}::{server.root}"


def proftpd(server: Server) -> list[str]:
    users = server.work / "users"
    users.write_text(password_line(server) + ":/bin/false\n")
    users.chmod(0o600)
    modules = UNPACKED / "proftpd-core/usr/lib/proftpd"
    lines = [
        *([f"ModulePath {modules}"] if modules.exists() else []),
        *("ServerType standalone", "DefaultServer on", "DefaultAddress 127.0.0.1", f"Port {server.port}"),
        *("UseIPv6 off", "UseReverseDNS off", "User nobody", "Group nogroup"),
        *("WtmpLog off", "TransferLog none", f"SystemLog {server.work}/log", "DelayEngine off"),
        *(f"PidFile {server.work}/pid", f"ScoreboardFile {server.work}/scoreboard"),
        *("AuthOrder mod_auth_file.c", f"AuthUserFile {users}", "RequireValidShell off", "DefaultRoot ~"),
        *("AllowOverwrite on", "AllowStoreRestart on", "MaxInstances 100"),
        *server.kind.options,
    ]
    conf = server.work / "proftpd.conf"
    conf.write_text("".join(f"{line}\n" for line in lines))
    return [program("proftpd-core"), "--nodaemon", "--quiet", "--config", str(conf)]


def pure_ftpd(server: Server) -> list[str]:
    # With pure-pw's own digests, each login takes seconds.
    users = server.work / "users"
    users.write_text(password_line(server) + "/./::::::::::::\n")
    subprocess.run(
        [program("pure-ftpd", "usr/bin/pure-pw"), "mkdb", f"{users}.pdb", "-f", str(users)],
        env=os.environ | libraries("pure-ftpd"),
        check=True,
        capture_output=True,
    )
    return [
        *(program("pure-ftpd"), "--ipv4only", "--dontresolve", "--noanonymous", "--chrooteveryone"),
        *("--bind", f"127.0.0.1,{server.port}", "--login", f"puredb:{users}.pdb", "--minuid", "1"),
        *("--maxclientsnumber", "100", "--maxclientsperip", "100", "--pidfile", f"{server.work}/pid"),
        *server.kind.options,
    ]


def pyftpdlib(server: Server) -> list[str]:
    return [sys.executable, "-c", PYFTPDLIB, str(server.root), str(server.port)]


def reachable(work: Path) -> Path:
    """OpenSSH's programs where the account can reach them, whatever the checkout's folder allows."""
    copy = work / "openssh"
    if (unpacked := UNPACKED / "openssh-server").exists():
        shutil.copytree(unpacked, copy, symlinks=True)
        return copy
    return Path("/")


def as_account(server: Server) -> list[str]:
    copy = reachable(server.work)
    folders = [str(p) for where in ("usr/lib", "lib") for p in (copy / where).glob("*-linux-gnu")]
    ids = [f"--reuid={ACCOUNT.pw_uid}", f"--regid={ACCOUNT.pw_gid}", "--clear-groups"]
    return ["env", f"LD_LIBRARY_PATH={':'.join(folders)}", "setpriv", *ids, str(copy)]


def sftp_server(server: Server) -> list[str]:
    """Clients start it themselves, by a script in place of ssh."""
    *prefix, copy = as_account(server)
    script = server.work / "connect"
    run = [*prefix, f"{copy}/usr/lib/openssh/sftp-server", "-d", str(server.root), *server.kind.options]
    script.write_text(f"#!/bin/sh\nexec {' '.join(run)}\n")
    script.chmod(0o755)
    return []


def sshd(server: Server) -> list[str]:
    """It runs as the account itself, which can log in by key and is forced into SFTP."""
    for name in ("host", "client"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(server.work / name)]
        subprocess.run(command, check=True, capture_output=True)
    shutil.copy(server.work / "client.pub", server.work / "authorized")
    os.chown(server.work / "host", ACCOUNT.pw_uid, ACCOUNT.pw_gid)
    lines = [
        *(f"ListenAddress 127.0.0.1:{server.port}", f"HostKey {server.work}/host", "PidFile none"),
        *("UsePAM no", "StrictModes no", f"AuthorizedKeysFile {server.work}/authorized"),
        *("MaxStartups 100", "Subsystem sftp internal-sftp"),
        f"ForceCommand internal-sftp -d {server.root} {' '.join(server.kind.options)}",
    ]
    conf = server.work / "sshd_config"
    conf.write_text("".join(f"{line}\n" for line in lines))
    conf.chmod(0o644)
    *prefix, copy = as_account(server)
    return [*prefix, f"{copy}/usr/sbin/sshd", "-D", "-e", "-f", str(conf)]


KINDS = (
    Kind("vsftpd", "vsftpd", vsftpd),
    Kind(
        "vsftpd-tls",
        "vsftpd",
        vsftpd,
        protocol="ftps",
        clients=("curl", "ftplib", "lftp"),
        options=(
            *("ssl_enable=YES", "allow_anon_ssl=YES", "force_anon_logins_ssl=YES", "force_anon_data_ssl=YES"),
            *("ssl_ciphers=HIGH", "require_ssl_reuse=NO", "strict_ssl_read_eof=YES"),
            *("delete_failed_uploads=YES", "lock_upload_files=YES", "chmod_enable=NO"),
            "cmds_denied=MKD,XMKD",
        ),
        denies_folders=True,
        deletes=frozenset({"killed"}),
        may_delete=frozenset({"reset"}),
    ),
    Kind("proftpd", "proftpd-core", proftpd),
    Kind(
        "proftpd-hidden",
        "proftpd-core",
        proftpd,
        options=(
            *("HiddenStores on", "DeleteAbortedStores on", "TimeoutStalled 60"),
            *("<Limit MKD XMKD>", "DenyAll", "</Limit>"),
        ),
        denies_folders=True,
        aside=True,
        deletes=frozenset({"reset"}),
        resumes=False,
        replaces=True,
        refuses=frozenset({"255 bytes"}),
    ),
    Kind(
        "pure-ftpd", "pure-ftpd", pure_ftpd, replaces=True, refuses=frozenset({"backslash", "tab", "escape"})
    ),
    Kind(
        "pure-ftpd-0",
        "pure-ftpd",
        pure_ftpd,
        options=("--notruncate",),
        aside=True,
        appends=False,
        replaces=True,
        refuses=frozenset({"backslash", "tab", "escape"}),
    ),
    Kind("pyftpdlib", "pyftpdlib", pyftpdlib, refuses=frozenset({"Latin-1"})),
    Kind("sftp-server", "openssh-server", sftp_server, protocol="sftp", clients=("sftp", "lftp")),
    Kind(
        "sshd",
        "openssh-server",
        sshd,
        protocol="sftp",
        clients=("sftp", "lftp", "curl"),
        options=("-u", "0027", "-P", "symlink,hardlink,mkdir"),
        denies_folders=True,
    ),
)
