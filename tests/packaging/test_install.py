"""`make install` into a package's root: it works where it will lie, and `make uninstall` leaves what is ops' own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = Path("/usr/bin/python3")

pytestmark = pytest.mark.skipif(
    not (PYTHON.exists() and Path(sys.prefix, "bin/uv").exists() and shutil.which("make")),
    reason="make, /usr/bin/python3 or this environment's uv is not here",
)


@dataclass(frozen=True)
class Installation:
    """What was installed below `destdir`, and then moved to its place below `prefix`."""

    destdir: Path
    prefix: Path
    etc: Path

    def make(self, target: str, *, destdir: str = "") -> None:
        subprocess.run(
            [
                *("make", "--silent", target, f"VENV={sys.prefix}", f"SYSTEM_PYTHON={PYTHON}"),
                *(f"PREFIX={self.prefix}", f"DESTDIR={destdir}"),
            ],
            cwd=ROOT,
            check=True,
            timeout=300,
        )

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """The installed command, in a folder and an environment that would lead it astray."""
        (self.destdir / "contactsync.py").write_text("raise SystemExit('imported from the current folder')")
        return subprocess.run(
            [self.prefix / "bin/contactsync", *arguments],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(self.destdir), **settings},
            cwd=self.destdir,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def _packages(folder: str, _: list[str]) -> list[str]:
    """400 MB that nobody need copy."""
    return ["lib", "lib64"] if folder.endswith("lib/contactsync") else []


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    place = tmp_path_factory.mktemp("place")
    destdir = tmp_path_factory.mktemp("destdir")
    there = Installation(destdir, place / "opt/cs", destdir / "etc")
    there.make("install", destdir=str(destdir))
    # Everything was below DESTDIR.
    assert list(place.iterdir()) == []
    for built in (there.destdir / place.relative_to("/")).iterdir():
        built.rename(place / built.name)
    return there


def test_the_command_runs_at_its_place(installed: Installation) -> None:
    """Its own interpreter, packages and SQL files, whatever PYTHONPATH and the current folder hold."""
    done = installed.run("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("contactsync ")


def test_the_manual_is_installed(installed: Installation) -> None:
    """The manual page, and beside README.md what it links to for ops."""
    assert (installed.prefix / "share/man/man1/contactsync.1").read_bytes().startswith(b".")
    doc = installed.prefix / "share/doc/contactsync"
    linked = re.findall(r"]\(((?:docs|monitoring)/[^)#]*)\)", (doc / "README.md").read_text())
    shipped = [link for link in linked if link.endswith(("/", ".md")) and (ROOT / link).exists()]
    assert {"docs/logs.md", "monitoring/"} <= set(shipped)
    assert [link for link in shipped if not (doc / link).exists()] == []


def test_the_sbom_is_installed(installed: Installation) -> None:
    """Beside the documents, and in the wheel's metadata, where scanners look (PEP 770)."""
    packages = next((installed.prefix / "lib/contactsync/lib").glob("python3*")) / "site-packages"
    (in_wheel,) = packages.glob("contactsync-*.dist-info/sboms/*.json")
    beside = installed.prefix / "share/doc/contactsync/sbom.cdx.json"
    assert in_wheel.read_bytes() == beside.read_bytes() == (ROOT / "packaging/sbom.cdx.json").read_bytes()


def test_exactly_the_locked_versions_are_installed(installed: Installation) -> None:
    """Nothing that the lock file does not list, and nothing in another version."""
    packages = next((installed.prefix / "lib/contactsync/lib").glob("python3*")) / "site-packages"
    found = {
        info.name.removesuffix(".dist-info").lower().replace("_", "-")
        for info in packages.glob("*.dist-info")
    }
    lock = (ROOT / "requirements/embedded.txt").read_text(encoding="utf-8")
    locked = {
        f"{name}-{version}" for name, version in re.findall(r"^([a-z0-9._-]+)==([^ \\]+)", lock, re.MULTILINE)
    }
    assert {each for each in found if not each.startswith("contactsync-")} <= locked
    assert len(found) > len(locked) / 2


def test_a_postgresql_is_installed(installed: Installation, tmp_path: Path) -> None:
    done = installed.run("migrate", CONTACTSYNC_DATA_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "applied 0001_contacts" in done.stdout


def test_no_file_names_the_build_folders(installed: Installation) -> None:
    """No file contains DESTDIR or the checkout's path."""
    found = subprocess.run(
        [
            "grep",
            "-rlF",
            "-e",
            str(installed.destdir),
            "-e",
            str(ROOT),
            str(installed.prefix),
            str(installed.etc),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == ""


def test_the_bytecode_is_there(installed: Installation) -> None:
    """The daemon's user may not write any, and without it each start would take a second longer."""
    packages = next((installed.prefix / "lib/contactsync/lib").glob("python3*")) / "site-packages"
    for module in ("contactsync/service/daemon.py", "pyarrow/compute.py"):
        source = packages / module
        assert list((source.parent / "__pycache__").glob(f"{source.stem}.*.pyc"))


def test_completion_is_installed(installed: Installation) -> None:
    """Where bash, zsh and fish look, and as the program itself makes it."""
    share = installed.prefix / "share"
    places = {
        "bash": share / "bash-completion/completions/contactsync",
        "zsh": share / "zsh/vendor-completions/_contactsync",
        "fish": share / "fish/vendor_completions.d/contactsync.fish",
    }
    for shell, place in places.items():
        made = installed.run(_CONTACTSYNC_COMPLETE=f"source_{shell}").stdout
        assert place.read_text(encoding="utf-8").strip() == made.strip()
    assert places["zsh"].read_text(encoding="utf-8").startswith("#compdef contactsync\n")


def test_the_unit_starts_what_was_installed(installed: Installation) -> None:
    unit = (installed.prefix / "lib/systemd/system/contactsync.service").read_text(encoding="utf-8")
    assert f"\nExecStart={installed.prefix}/bin/contactsync run\n" in unit
    assert "/usr/bin/contactsync" not in unit


def test_the_configuration_is_not_for_everybody(installed: Installation) -> None:
    assert (installed.etc / "contactsync").stat().st_mode & 0o7777 == 0o750
    assert (installed.etc / "contactsync/contactsync.toml").stat().st_mode & 0o7777 == 0o640


def test_uninstall_leaves_a_changed_configuration_and_nothing_else(
    installed: Installation, tmp_path: Path
) -> None:
    """A configuration as it was installed goes too."""
    for change in ("", "workers = 2\n"):
        copy = tmp_path / f"copy{len(change)}"
        place = Path(installed.prefix.parents[1])
        shutil.copytree(place, copy / place.relative_to("/"), symlinks=True, ignore=_packages)
        shutil.copytree(installed.etc, copy / "etc")
        config = copy / "etc/contactsync/contactsync.toml"
        with config.open("a", encoding="utf-8") as file:
            file.write(change)
        installed.make("uninstall", destdir=str(copy))
        left = [path for path in copy.rglob("*") if not path.is_dir()]
        assert left == ([config] if change else [])
