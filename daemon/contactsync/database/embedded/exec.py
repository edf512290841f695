"""Executes one of PostgreSQL's programs so that it ends with the process that started it.

Run as a script: `python -I -S exec.py PARENT SIGNAL NAMESPACE PROGRAM ARG…`. Its work must happen between
fork and exec, and Python code there (`preexec_fn`) can deadlock if the parent has threads, which
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
CLONE_NEWUSER = 0x10000000

# The kernel or the container forbids user namespaces.
EXIT_NO_NAMESPACE = 97
# The program cannot be executed.
EXIT_NO_EXEC = 98
# The parent ended before we could ask for its death signal.
EXIT_ORPHAN = 99


def main(arguments: list[str]) -> int:
    """Prepare the process and exec the program; returns an exit status only if that fails."""
    parent, death_signal, namespace, *command = arguments
    libc = ctypes.CDLL(None, use_errno=True)

    # In an unmapped user namespace, our user id and the owner of our files both read as 65534. PostgreSQL
    # refuses to run as root and checks that it owns its folder; this satisfies both. The kernel still
    # treats us, and the files we make, as our real user. exec drops the capabilities.
    if namespace == "1" and libc.unshare(CLONE_NEWUSER) != 0:
        sys.stderr.write(f"unshare: {os.strerror(ctypes.get_errno())}\n")
        return EXIT_NO_NAMESPACE

    # After unshare, because a change of credentials may clear the death signal; exec does not (prctl(2)).
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
