"""Scripts that run as root on a host of their own: a copy of /etc, and a network that is only a loopback interface."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

# 0x8914 is SIOCSIFFLAGS with IFF_UP, netdevice(7): the command `ip` is not on every machine.
PRELUDE = r"""
cp -a /etc "$WORK/etc" && mount --bind "$WORK/etc" /etc && "$PYTHON" -c 'import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh", b"lo", 1))' || exit 97
set -e
cd /
"""

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs root and mounts of its own"
)


def run(script: str, work: Path, more: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a bash script after the prelude, with the folder as $WORK; processes that it leaves behind are killed."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("CONTACTSYNC_", "PG"))
    }
    environment |= {"WORK": str(work), "PYTHON": sys.executable, **more}
    namespaces = ["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]
    done = subprocess.run(
        [*namespaces, "bash", "-c", PRELUDE + script],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode == 97 or "unshare: " in done.stderr:
        pytest.skip(f"no mounts or no network of its own here: {done.stderr}")
    return done
