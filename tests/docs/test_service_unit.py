"""The unit as systemd reads it: no complaints, and a measured degree of hardening."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from contactsync.runtime.boot import boot_id

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNIT = SYSTEMD / "contactsync.service"
DROP_IN = SYSTEMD / "group-readable.conf"
# In tenths of systemd-analyze's exposure level.
MAX_EXPOSURE = 15

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here (Debian's package systemd)"
)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with an existing program, as after an installation."""
    program = tmp_path / "contactsync"
    program.touch(mode=0o755)
    copy = tmp_path / UNIT.name
    copy.write_text(
        UNIT.read_text(encoding="utf-8").replace("/usr/bin/contactsync", str(program)), encoding="utf-8"
    )
    return copy


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )


def test_systemd_has_no_complaint(unit: Path) -> None:
    done = analyze("verify", "--man=no", unit)
    assert (done.returncode, done.stderr) == (0, "")


def test_it_is_hardened(unit: Path) -> None:
    """Its exposure level is at most 1.5."""
    done = analyze("security", "--offline=true", f"--threshold={MAX_EXPOSURE}", "--no-pager", unit)
    assert done.returncode == 0, done.stdout


def test_it_grants_exactly_two_capabilities() -> None:
    """One to read files that belong to FTP accounts, one to detect whether a file is being written."""
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    for key in ("AmbientCapabilities", "CapabilityBoundingSet"):
        assert [line for line in lines if line.startswith(key)] == [f"{key}=CAP_DAC_READ_SEARCH CAP_LEASE"]
    assert not [line for line in lines if line.startswith("PrivateUsers")]


def values(key: str) -> list[str]:
    """The words of all lines of a directive, without the `-` of optional paths."""
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    given = [line.partition("=")[2].split() for line in lines if line.startswith(f"{key}=")]
    return [word.removeprefix("-") for words in given for word in words]


@pytest.mark.parametrize(
    ("key", "value"),
    [("LimitCORE", "0"), ("MemoryMax", "3G"), ("TasksMax", "512"), ("CPUWeight", "50"), ("IOWeight", "50")],
)
def test_what_it_uses_of_the_host_is_limited(key: str, value: str) -> None:
    assert values(key) == [value]


SECRETS = (
    *(
        "/etc/shadow",
        "/etc/gshadow",
        "/etc/ssh",
        "/etc/ssl/private",
        "/etc/credstore",
        "/etc/credstore.encrypted",
    ),
    *("/etc/postgresql", "/etc/proftpd", "/etc/sudoers", "/etc/letsencrypt", "/etc/NetworkManager"),
    *(
        "/var/lib/postgresql",
        "/var/lib/mysql",
        "/var/lib/docker",
        "/var/spool/cron",
        "/var/backups",
        "/var/mail",
    ),
    *("/run/credstore", "/run/secrets", "/usr/lib/credstore", "/boot"),
    *(
        "/usr/local/etc/vault.hcl",
        "/var/opt/gitlab",
        "/var/snap/lxd",
        "/var/crash/core",
        "/swapfile",
        "/swap.img",
    ),
)
HOMES = (
    "/srv/ftp",
    "/srv/ftp/acme",
    "/srv/customers/acme",
    "/var/ftp/acme",
    "/var/www/acme",
    "/mnt/disk/acme",
    "/opt/ftp",
)


@pytest.mark.parametrize("secret", SECRETS)
def test_the_capability_reads_no_secret_of_others(secret: str) -> None:
    """CAP_DAC_READ_SEARCH ignores modes, so what belongs to others is hidden, and nothing in it is shown again."""
    hidden = [
        word.removesuffix(":ro") for word in values("TemporaryFileSystem") + values("InaccessiblePaths")
    ]
    shown = [word.partition(":")[0] for word in values("BindReadOnlyPaths") + values("BindPaths")]
    assert [folder for folder in hidden if Path(secret).is_relative_to(folder)]
    assert [folder for folder in shown if Path(secret).is_relative_to(folder)] == []
    assert [folder for folder in shown if Path(folder).is_relative_to(secret)] == []
    assert values("ProtectHome") == ["yes"]


@pytest.mark.parametrize("home", HOMES)
def test_usual_places_of_homes_are_not_hidden(home: str) -> None:
    """A drop-in with ReadWritePaths= makes them writable; below a hidden folder that would not be enough."""
    hidden = [
        word.removesuffix(":ro") for word in values("TemporaryFileSystem") + values("InaccessiblePaths")
    ]
    assert [folder for folder in hidden if Path(home).is_relative_to(folder)] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_it_runs_with_what_it_sees_of_etc(tmp_path: Path) -> None:
    """Names, time zone and libraries: the program works if /etc contains only what the unit shows."""
    shown = [path for path in values("BindReadOnlyPaths") if path.startswith("/etc/") and Path(path).exists()]
    script = """
        etc=$1; shift
        mount -t tmpfs tmpfs "$etc"
        for path in $(cat); do
            if [ -d "$path" ]; then mkdir -p "$etc$path"; else mkdir -p "$etc${path%/*}"; : >"$etc$path"; fi
            mount --bind "$path" "$etc$path"
        done
        mount --rbind "$etc/etc" /etc
        exec "$@"
    """
    ask = (
        "import os, pwd, socket, ssl, zoneinfo; from contactsync.cli import app; assert not os.path.exists('/etc/shadow');"
        "pwd.getpwnam('nobody'); socket.getaddrinfo('localhost', 'postgresql'); zoneinfo.ZoneInfo('Europe/Paris');"
        "ssl.create_default_context(); app(['config', 'show'])"
    )
    (tmp_path / "etc").mkdir()
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-ec", script, "sh", str(tmp_path / "etc"), sys.executable, "-c", ask],
        input="\n".join(shown),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(UNIT.parents[1] / "daemon")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "ftp_root" in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_it_works_with_what_it_sees_of_proc(tmp_path: Path) -> None:
    """Homes and the heartbeat are recognised as by commands, which see all of /proc."""
    for name in ("ftp/acme/contacts", "data"):
        (tmp_path / name).mkdir(parents=True)
    assert values("ProcSubset") == ["pid"]
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    (variable,) = values("Environment")
    script = 'mount -t proc -o subset=pid proc /proc; exec "$@"'
    ask = (
        "import os, sys; from pathlib import Path; from contactsync.spool.home_pins import HomePins;"
        "from contactsync.spool.pins import Pin;"
        "from contactsync.telemetry.heartbeat import _process; base = Path(sys.argv[1]);"
        "assert not os.path.exists('/proc/sys'); pins = HomePins(base / 'ftp', base / 'data');"
        "home = base / 'ftp/acme'; assert pins.examine([home]) == {}; fd = pins.open(home);"
        "print(Pin.of(fd).boot, _process(os.getpid()).split()[0])"
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-ec", script, "sh", sys.executable, "-c", ask, str(tmp_path)],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(UNIT.parents[1] / "daemon"),
            # As systemd writes it: without hyphens.
            **dict([variable.replace("%b", boot.replace("-", "")).split("=")]),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == {boot_id()}


def test_a_drop_in_does_without_the_capability(unit: Path) -> None:
    """For FTP servers whose uploads the accounts' groups may read; its exposure is lower than the unit's."""
    folder = unit.with_name(f"{unit.name}.d")
    folder.mkdir()
    (folder / DROP_IN.name).write_text(DROP_IN.read_text(encoding="utf-8"), encoding="utf-8")
    verified = analyze("verify", "--man=no", unit)
    assert (verified.returncode, verified.stderr) == (0, "")
    done = analyze("security", "--offline=true", f"--threshold={MAX_EXPOSURE - 1}", "--no-pager", unit)
    assert done.returncode == 0, done.stdout
    assert "Service cannot override UNIX file/IPC permission checks" in done.stdout


def test_every_hardening_directive_has_a_reason() -> None:
    """Each has a comment above it. Only directives that describe the service need none."""
    plain = {"Description", "Documentation", "After", "Wants", "User", "Group", "WantedBy"}
    commented = False
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            commented = not line.startswith("# ---")
        elif not line or line.startswith("["):
            commented = False
        elif line.partition("=")[0] not in plain:
            assert commented, line
