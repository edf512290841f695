"""`doctor` on the host: disk space, capabilities, inotify limits, and what each file system can do."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from contactsync.cli.doctor.finding import SKEW_SECONDS, Finding
from contactsync.cli.waiting import ANSWER_SECONDS, ATTENDED
from contactsync.domain.deposit import ACTIONS
from contactsync.runtime.directories import open_way
from contactsync.runtime.file_system import mount_of

if TYPE_CHECKING:
    from contactsync.settings.settings import Settings
    from contactsync.telemetry.heartbeat import Sign

CAPABILITIES = {"CAP_DAC_READ_SEARCH": 2, "CAP_LEASE": 28}
"""The numbers of <linux/capability.h>."""

FEW_BYTES, LOW_BYTES = 100 << 20, 1 << 30
LOW_SHARE = 0.05
FOLDERS_PER_ACCOUNT = 3
"""The home, `contacts/` and `reporting/`."""
FOLDERS_PER_ACTION = 5
"""The action's folder, and `in/`, `on/`, `ok/` and `ko/` in it."""

NO_EVENTS = ("nfs", "cifs", "smb", "fuse", "9p", "ceph", "glusterfs", "lustre", "afs", "vboxsf", "vmhgfs")
"""Prefixes of file systems on which changes by other hosts, or all changes, cause no inotify event."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system that the daemon writes to."""

    path: Path
    what: str
    kind: str


def findings(settings: Settings, homes: Mapping[str, Path], sign: Sign) -> Iterator[Finding]:
    """Check this host."""
    disks, answering = _disks(settings, homes)
    for disk in disks:
        yield from _space(settings, disk)
    yield from _capabilities(sign)
    yield from _inotify(homes)
    for disk in disks:
        if disk.what != "data_dir":
            yield from _file_system(settings, disk, answering)


def _disks(settings: Settings, homes: Mapping[str, Path]) -> tuple[list[Disk], list[Path]]:
    """Each file system once, with the first of our paths on it, and the homes that answer."""
    found: dict[int, Disk] = {}
    wanted = [("ftp_root", settings.ftp_root), *homes.items(), ("data_dir", settings.data_dir)]
    answers = ATTENDED.over([path for _, path in wanted], _device_and_kind, ANSWER_SECONDS)
    answering = [path for _, path in wanted if path in answers and answers[path].error is None]
    for what, path in wanted:
        if path in answering:
            device, kind = answers[path].get()
            found.setdefault(device, Disk(path, what, kind))
    return list(found.values()), [home for home in homes.values() if home in answering]


def _device_and_kind(path: Path) -> tuple[int, str]:
    return os.stat(path).st_dev, _kind(path)


def _kind(path: Path) -> str:
    """The file system's type."""
    return mount_of(Path(os.path.realpath(path))).kind


def _space(settings: Settings, disk: Disk) -> Iterator[Finding]:
    status = os.statvfs(disk.path)
    free, size = status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize
    what = f"{disk.path} ({disk.kind}): {free / (1 << 30):.1f} GiB free of {size / (1 << 30):.1f}"
    fix = f"du -xh --max-depth=3 {disk.path} | sort -h | tail   # keep_settled_days removes old settled files"
    if free < max(FEW_BYTES, 4 * settings.max_file_bytes):
        yield Finding("error", "space", what, fix)
    elif free < min(LOW_BYTES, LOW_SHARE * size):
        yield Finding("warning", "space", what, fix)
    else:
        yield Finding("ok", "space", what)
    if status.f_files and status.f_favail < LOW_SHARE * status.f_files:
        message = f"{disk.path}: {status.f_favail} inodes free of {status.f_files}"
        yield Finding("warning", "space", message, fix)


def _capabilities(sign: Sign) -> Iterator[Finding]:
    """Check the capabilities of the running daemon, or of this process if none runs."""
    pid = sign.content["pid"] if sign.state in ("running", "silent") else "self"
    whose = "the daemon" if pid != "self" else "this user (the daemon is not running)"
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return
    facts = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    effective = int(facts["CapEff"], 16)
    missing = [name for name, number in CAPABILITIES.items() if not effective >> number & 1]
    if not missing:
        yield Finding("ok", "rights", f"{whose} has {' and '.join(CAPABILITIES)}")
        return
    message = (
        f"{whose} lacks {' and '.join(missing)}: it cannot read uploads of mode 0600, or detect idle writers"
    )
    fix = "AmbientCapabilities=CAP_DAC_READ_SEARCH CAP_LEASE in the unit: systemctl edit contactsync"
    yield Finding("warning", "rights", message, fix)


def _inotify(homes: Mapping[str, Path]) -> Iterator[Finding]:
    from contactsync.intake.watch import MAX_WATCHED_FOLDERS

    folders = len(homes) * (FOLDERS_PER_ACCOUNT + FOLDERS_PER_ACTION * len(ACTIONS))
    limits = {}
    for name in ("max_user_watches", "max_user_instances", "max_queued_events"):
        with suppress(OSError, ValueError):
            limits[name] = int(Path(f"/proc/sys/fs/inotify/{name}").read_text(encoding="ascii"))
    watches = limits.get("max_user_watches", 0)
    if folders > MAX_WATCHED_FOLDERS:
        message = f"{folders} folders are too many for events: they are only polled, every rescan_seconds"
        yield Finding("note", "events", message)
    elif watches < 2 * folders:
        message = (
            f"fs.inotify.max_user_watches is {watches} for about {folders} folders: those above it are polled"
        )
        fix = f"sysctl -w fs.inotify.max_user_watches={max(65_536, 4 * folders)}   # and in /etc/sysctl.d/"
        yield Finding("error" if watches < folders else "warning", "events", message, fix)
    else:
        yield Finding("ok", "events", f"about {folders} folders, fs.inotify.max_user_watches is {watches}")
    if 0 < limits.get("max_user_instances", 0) < len(homes) // 50 + 2:
        message = f"fs.inotify.max_user_instances is {limits['max_user_instances']}"
        yield Finding("warning", "events", message, "sysctl -w fs.inotify.max_user_instances=128")


def _file_system(settings: Settings, disk: Disk, homes: Sequence[Path]) -> Iterator[Finding]:
    """Try what the homes' file system can do, in an `on/` folder on it."""
    if disk.kind.startswith(NO_EVENTS):
        message = (
            f"{disk.path} is on {disk.kind}: changes by other hosts cause no events; "
            "it is polled every rescan_seconds"
        )
        yield Finding("warning", "events", message)
    if disk.kind == "overlay":
        message = f"{disk.path} is on overlay: keep the FTP root on a separate volume"
        yield Finding("note", "events", message)
    device = os.stat(disk.path).st_dev
    for home in homes:
        on = home / "contacts/import/on"
        with suppress(OSError):
            folder = open_way(on, settings.ftp_root)
            if os.fstat(folder).st_dev == device:
                yield from _try(on, folder, disk)
                return
            os.close(folder)


def _try(on: Path, folder: int, disk: Disk) -> Iterator[Finding]:
    """Try it in the open folder `on`, which is closed afterwards."""
    from contactsync.runtime.kernel import Lease, knows_noreplace, take_lease

    name, other = (b".doctor.%d%s" % (os.getpid(), suffix) for suffix in (b"", b".other"))
    try:
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder))
        skew = os.lstat(name, dir_fd=folder).st_ctime - time.time()
        fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
        lease = take_lease(fd)
        os.close(fd)
        has_noreplace = knows_noreplace(folder, name, other)
    except OSError as error:
        message = f"{on}: {error.strerror}: leases, renames and clock were not checked"
        fix = "sudo -u contactsync contactsync doctor" if isinstance(error, PermissionError) else None
        yield Finding("warning" if fix else "error", "files", message, fix)
        return
    finally:
        for each in (name, other):
            with suppress(OSError):
                os.unlink(each, dir_fd=folder)
        os.close(folder)
    if lease is Lease.UNKNOWN:
        message = (
            f"{disk.path} ({disk.kind}) does not support leases: "
            "a writer that is idle for settle_seconds is not detected"
        )
        fix = "raise settle_seconds, or move the FTP root to a local file system"
        yield Finding("warning", "files", message, fix)
    if not has_noreplace:
        message = (
            f"{disk.path} ({disk.kind}) does not support RENAME_NOREPLACE: "
            "names are reserved with empty files instead"
        )
        yield Finding("note", "files", message)
    if abs(skew) > SKEW_SECONDS:
        message = (
            f"the clock of {disk.path} ({disk.kind}) differs from this host's by {skew:+.1f} s: "
            "timestamps and order follow it"
        )
        yield Finding("warning", "clock", message, "timedatectl set-ntp true   # on the file server too")
    if lease is not Lease.UNKNOWN and has_noreplace and abs(skew) <= SKEW_SECONDS:
        yield Finding("ok", "files", f"{disk.path} ({disk.kind}): leases, renames without replacing, clock")
