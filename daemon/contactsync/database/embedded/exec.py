"""Executes one of PostgreSQL's programs so that it ends with the process that started it.

Run as a script: `python -I -S exec.py PARENT SIGNAL USER COUNT FOLDER… PROGRAM ARG…`. USER is `UID:GID`, whom
root becomes, `namespace` or `same`; COUNT is the number of folders that the program must reach. The work must happen
between fork and exec, and Python code there (`preexec_fn`) can deadlock if the parent has threads, which
`EmbeddedServer.ensure` allows. The script takes about 15 ms. exec keeps the process id, so the parent's
`Popen` is the handle of the server itself.
"""

import ctypes
import os
import signal
import sys

# <linux/prctl.h>, see prctl(2).
PR_SET_PDEATHSIG = 1
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
# <linux/sched.h>, see unshare(2).
CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
# <linux/mount.h>, see mount(2).
MS_BIND = 0x1000
MS_REC = 0x4000
MS_SLAVE = 0x80000

# Root may not become the user, or may not make the folders reachable for it.
EXIT_NO_USER = 95
EXIT_CLOSED_FOLDER = 96
# The kernel or the container forbids user namespaces.
EXIT_NO_NAMESPACE = 97
# The program cannot be executed.
EXIT_NO_EXEC = 98
# The parent ended before we could ask for its death signal.
EXIT_ORPHAN = 99


def main(arguments: list[str]) -> int:
    """Prepare the process and exec the program; returns an exit status only if that fails."""
    parent, death_signal, user, count, *rest = arguments
    folders, command = rest[: int(count)], rest[int(count) :]
    libc = ctypes.CDLL(None, use_errno=True)

    if user == "namespace":
        # In an unmapped user namespace, our user id and the owner of our files both read as 65534, which has a
        # name, as initdb requires. The kernel still treats us, and the files we make, as our real user.
        if libc.unshare(CLONE_NEWUSER) != 0:
            sys.stderr.write(f"unshare: {os.strerror(ctypes.get_errno())}\n")
            return EXIT_NO_NAMESPACE
    elif user != "same" and (status := become(libc, user, folders)):
        return status

    # Afterwards, because a change of credentials clears the death signal; exec does not (prctl(2)).
    if libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0:
        sys.stderr.write(f"prctl: {os.strerror(ctypes.get_errno())}\n")
        return EXIT_NO_EXEC
    # A parent that ended before prctl sends no signal; we then have a different parent.
    if os.getppid() != int(parent):
        return EXIT_ORPHAN

    # The unit gives contactsync capabilities to read the accounts' files; PostgreSQL must not have them. This
    # fails only on kernels without ambient capabilities, which cannot have passed any on.
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)

    # Ignored and blocked signals survive exec: Python ignores two, a shell's `&` ignores SIGINT, and a daemon
    # may block some.
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    try:
        os.execv(command[0], command)  # noqa: S606 - no shell is the point
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
    return EXIT_NO_EXEC


def become(libc: ctypes.CDLL, user: str, folders: list[str]) -> int:
    """Turn root into `UID:GID`, for whom the folders are reachable; returns 0 or the exit status of a failure."""
    uid, gid = map(int, user.split(":"))
    try:
        os.setgroups([])
        os.setgid(gid)
        closed = closed_ancestors(uid, folders)
        if closed:
            try:
                reveal(libc, folders, closed)
            except OSError as error:
                sys.stderr.write(f"{closed[0]}: {error.strerror}\n")
                return EXIT_CLOSED_FOLDER
        os.setuid(uid)
    except OSError as error:
        sys.stderr.write(f"setuid: {error.strerror}\n")
        return EXIT_NO_USER
    # The folder that we started in may be closed to the user.
    os.chdir("/")
    return 0


def closed_ancestors(uid: int, folders: list[str]) -> list[str]:
    """The topmost folder above each of these that the user may not pass through, such as /root; each once."""
    closed = []
    os.seteuid(uid)
    try:
        for folder in folders:
            parts = folder.split("/")[1:-1]
            for depth in range(1, len(parts) + 1):
                ancestor = "/" + "/".join(parts[:depth])
                try:
                    os.stat(f"{ancestor}/.")
                except PermissionError:
                    closed.append(ancestor)
                    break
    finally:
        os.seteuid(0)
    return list(dict.fromkeys(closed))


def reveal(libc: ctypes.CDLL, folders: list[str], closed: list[str]) -> None:
    """Make the folders reachable for this process alone: cover what is closed, and bind the folders into the cover.

    In a mount namespace of its own, the covers are invisible to others. What else is in a closed folder is hidden
    from PostgreSQL too. Raises OSError: the namespace needs CAP_SYS_ADMIN.
    """

    def mount(source: str, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
        given = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
        if libc.mount(*given, flags, None if options is None else options.encode()) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    # A slave: the host can still unmount a file system that was mounted before.
    mount("none", "/", None, MS_REC | MS_SLAVE)
    hidden = [folder for folder in folders if any(folder.startswith(f"{each}/") for each in closed)]
    handles = [os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC) for folder in hidden]
    for ancestor in closed:
        mount("tmpfs", ancestor, "tmpfs", 0, "mode=0755,size=64k")
    mask = os.umask(0o022)
    for folder, handle in zip(hidden, handles, strict=True):
        os.makedirs(folder, exist_ok=True)
        mount(f"/proc/self/fd/{handle}", folder, None, MS_BIND)
    os.umask(mask)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
