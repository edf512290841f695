"""Becomes one of PostgreSQL's programs, tied to the life of the process that started it.

Run as a script (`python -I -S embedded_exec.py PARENT SIGNAL NAMESPACE PROGRAM ARG…`), never imported for its
effects. A script, because what it does must happen between fork and exec, and Python code there
(`preexec_fn`) can deadlock once the parent has threads, which `EmbeddedServer.ensure` allows. It costs about
15 ms and the process id stays the same through exec, so the parent's `Popen` is the handle of the server
itself.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2), <linux/prctl.h>
CLONE_NEWUSER = 0x10000000  # unshare(2), <linux/sched.h>

PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

EXIT_NO_NAMESPACE = 97  # the kernel or the container forbids user namespaces
EXIT_NO_EXEC = 98  # the program cannot be executed
EXIT_ORPHAN = 99  # the parent ended before we could ask for its death signal


def main(arguments: list[str]) -> int:
    """Set up the process and exec the program; returns an exit status only when that failed."""
    parent, death_signal, namespace, *command = arguments
    libc = ctypes.CDLL(None, use_errno=True)

    # An unmapped user namespace: our user id reads 65534 inside, and so does the owner of our files, hence
    # PostgreSQL, which refuses to run as root and checks that it owns its folder, agrees with both. The
    # kernel goes on treating us, and the files we make, as the user we are; exec drops the capabilities.
    if namespace == "1" and libc.unshare(CLONE_NEWUSER) != 0:
        sys.stderr.write(f"unshare: {os.strerror(ctypes.get_errno())}\n")
        return EXIT_NO_NAMESPACE

    # After unshare: a change of credentials may clear the death signal, plain exec does not (prctl(2)).
    if libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0:
        sys.stderr.write(f"prctl: {os.strerror(ctypes.get_errno())}\n")
        return EXIT_NO_EXEC
    # A parent that ended before prctl sends nothing: then somebody else is our parent by now.
    if os.getppid() != int(parent):
        return EXIT_ORPHAN

    # The unit gives contactsync capabilities to read the accounts' files; PostgreSQL is to have none. A kernel
    # that knows no ambient capabilities has given none.
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)

    # Ignored and blocked signals survive exec: Python ignores two, a shell's `&` ignores SIGINT, a daemon may
    # block some.
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
