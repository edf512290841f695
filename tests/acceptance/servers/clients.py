"""The clients that uploaders use: curl, lftp, ncftp, sftp and ftplib.

TLS is 1.2: with 1.3, vsftpd 3.0.3 sends tickets over data connections, which clients that only write never read.
Their kernel then answers the server's last bytes with RST, and the server answers the client with 426.
"""

from __future__ import annotations

import ftplib
import os
import shutil
import ssl
import subprocess
from typing import TYPE_CHECKING

from tests.acceptance.servers.server import PASSWORD

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.servers.server import Server


TIMEOUT = 180.0
# A copy of this module's first import: clients run in threads, and pytest changes `os.environ` (its
# PYTEST_CURRENT_TEST) between one key of a copy and the next.
ENVIRONMENT = dict(os.environ)

NEEDS = {"curl": "curl", "lftp": "lftp", "ncftp": "ncftpput", "sftp": "sftp", "ftplib": "true"}


def have(client: str) -> bool:
    """Whether the client is installed."""
    return shutil.which(NEEDS[client]) is not None


def run(command: list[str], server: Server, *, given: bytes | None = None) -> None:
    """Run a client to its end; it must end well."""
    ended = subprocess.run(
        command, env=environment(server), input=given, capture_output=True, timeout=TIMEOUT, check=False
    )
    said = (ended.stdout + ended.stderr).decode(errors="replace")
    assert ended.returncode == 0, f"{command[0]}: {ended.returncode} {said}"


def environment(server: Server) -> dict[str, str]:
    """The environment of a client whose home is the server's folder."""
    return ENVIRONMENT | {"HOME": str(server.work), "LANG": "C.UTF-8"}


def put_command(
    client: str, server: Server, local: Path, folder: str, name: str, *, resume: bool = False
) -> list[str]:
    """What uploads `local` to `folder`/`name`, from where an earlier upload broke off if it is to resume."""
    if client == "curl":
        return [
            *curl(server),
            *(["-C", "-"] if resume else []),
            "-T",
            str(local),
            url(server, f"{folder}/{name}"),
        ]
    if client == "lftp":
        put = "put -c" if resume else "put"
        return lftp(server, f'{put} "{local}" -o "{path(server, folder)}/{name}"')
    if client == "ncftp":
        assert local.name == name, "ncftpput uploads under the file's own name"
        login = ["-u", server.user, "-p", PASSWORD, "-P", str(server.port)]
        # Its sendfile(), which -s turns off, resumes by sending the whole file again (3.2.6).
        return ["ncftpput", "-V", "-s", *login, "-z" if resume else "-Z", "127.0.0.1", folder, str(local)]
    batch = server.work / f"batch-{local.parent.name}-{name}"
    put = "reput" if resume else "put"
    batch.write_text(f'{put} "{local}" "{path(server, folder)}/{name}"\n')
    return ["sftp", "-q", "-b", str(batch), *ssh_options(server), *ssh_target(server)]


def put(client: str, server: Server, local: Path, folder: str, name: str, *, resume: bool = False) -> None:
    """Upload by one of the clients."""
    if client != "ftplib":
        run(put_command(client, server, local, folder, name, resume=resume), server)
        return
    content = local.read_bytes()
    with ftp_session(server) as ftp, local.open("rb") as file:
        rest = (ftp.size(f"{folder}/{name}") or 0) if resume else None
        file.seek(rest or 0)
        ftp.storbinary(f"STOR {folder}/{name}", file, rest=rest)
        assert ftp.size(f"{folder}/{name}") in (len(content), None)


def sftp_batch(server: Server, name: str, commands: str) -> None:
    """Run commands in OpenSSH's sftp; each must succeed."""
    batch = server.work / f"commands-{name}"
    batch.write_text(f"{commands}\n")
    run(["sftp", "-q", "-b", str(batch), *ssh_options(server), *ssh_target(server)], server)


def make_folder(server: Server, name: str, folder: str) -> None:
    """Make a folder by FTP or SFTP; raises ftplib.error_perm or AssertionError if the server refuses."""
    if server.kind.protocol == "sftp":
        sftp_batch(server, name, f'mkdir "{path(server, folder)}"')
        return
    with ftp_session(server) as ftp:
        ftp.mkd(folder)


def curl(server: Server) -> list[str]:
    if server.kind.protocol == "sftp":
        keys = ["--key", f"{server.work}/client", "--pubkey", f"{server.work}/client.pub"]
        return ["curl", "-sS", "--insecure", "-u", f"{server.user}:", *keys]
    secure = ["--ssl-reqd", "--insecure", "--tls-max", "1.2"] if server.kind.protocol == "ftps" else []
    return ["curl", "-sS", *secure, "-u", f"{server.user}:{PASSWORD}"]


def url(server: Server, name: str) -> str:
    scheme = "sftp" if server.kind.protocol == "sftp" else "ftp"
    return f"{scheme}://127.0.0.1:{server.port}/{path(server, name).lstrip('/')}"


def lftp(server: Server, commands: str, settings: str = "") -> list[str]:
    fixed = "set net:max-retries 1; set net:timeout 120; set cmd:fail-exit yes; set xfer:clobber yes;"
    target = f"-p {server.port} ftp://127.0.0.1"
    if server.kind.protocol == "ftps":
        fixed += "set ssl:verify-certificate no; set ssl:priority NORMAL:-VERS-TLS1.3; set ftp:ssl-force yes; set ftp:ssl-protect-data yes;"
    elif server.kind.protocol == "sftp":
        connect = [f"{server.work}/connect"] if not server.listens else ["ssh", *ssh_options(server)]
        fixed += f'set sftp:connect-program "{" ".join(connect)}";'
        target = f"-p {server.port} sftp://127.0.0.1"
    else:
        fixed += "set ftp:ssl-allow no;"
    return ["lftp", "-c", f"{fixed} {settings} open -u {server.user},{PASSWORD} {target}; {commands}"]


def path(server: Server, below: str) -> str:
    """Where a file below the root is for a client: SFTP's sessions are not confined to the root."""
    return f"{server.root}/{below}" if server.kind.protocol == "sftp" else below


def ssh_options(server: Server) -> list[str]:
    if not server.listens:
        return []
    return [
        *("-F", "none", "-i", f"{server.work}/client", "-o", "BatchMode=yes"),
        *("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"),
    ]


def ssh_target(server: Server) -> list[str]:
    """How OpenSSH's client finds the server: over TCP, or by starting it itself."""
    if server.listens:
        return ["-P", str(server.port), f"{server.user}@127.0.0.1"]
    return ["-D", f"{server.work}/connect"]


def ftp_session(server: Server) -> ftplib.FTP:
    """A session of ftplib in binary mode, whose names are bytes read as Latin-1."""
    if server.kind.protocol == "ftps":
        context = ssl._create_unverified_context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        ftp: ftplib.FTP = ftplib.FTP_TLS(timeout=TIMEOUT, encoding="latin-1", context=context)
    else:
        ftp = ftplib.FTP(timeout=TIMEOUT, encoding="latin-1")
    ftp.connect("127.0.0.1", server.port)
    ftp.login(server.user, PASSWORD)
    if isinstance(ftp, ftplib.FTP_TLS):
        ftp.prot_p()
    ftp.voidcmd("TYPE I")
    return ftp
