"""The daemon recreates missing folders in the scheme, and survives folders of another owner."""

from __future__ import annotations

import os
import shutil

import pytest

from contactsync.domain.deposit import ACTIONS
from tests.acceptance import host as hosts
from tests.acceptance.host import GLOBEX, HostProgram, Tenant
from tests.acceptance.permissions.scheme import SCHEME, scheme
from tests.acceptance.tables import people

pytestmark = pytest.mark.skipif(hosts.why_not() is not None, reason=hosts.why_not() or "")


HEALED = {
    "boxes": [
        f"contacts/{action}/{box}" for action, box in zip(ACTIONS, ("in", "on", "ok", "ko") * 3, strict=False)
    ],
    "an action": ["contacts/optoutVOICE"],
    "import": ["contacts/import"],
    "all of them": [f"contacts/{action}" for action in ACTIONS],
}


@pytest.mark.parametrize("which", HEALED)
def test_missing_folders_are_recreated_in_the_scheme(program: HostProgram, acme: Tenant, which: str) -> None:
    """By the daemon, which is not in the account's group: owner, group, setgid and modes are as `init` makes them."""
    home = program.ftp / "acme"
    gone = {path: (home / path).lstat().st_ino for path in HEALED[which]}
    for path in gone:
        # At once: nothing is missing for a moment only.
        (home / path).rename(program.folder / "aside")
        shutil.rmtree(program.folder / "aside")
    program.until(lambda: all((home / path).is_dir() for path in SCHEME), "all folders exist again")
    assert scheme(home) == SCHEME
    assert program.cli("init", "--check").returncode == 0
    name = f"{which.replace(' ', '-')}.csv"
    acme.put(f"contacts/import/in/{name}", people(1))
    assert program.settled("acme", name).state == "ok"


def test_an_in_folder_of_another_owner_delays_only_its_account(program: HostProgram) -> None:
    """The daemon cannot claim what is in it and logs the reason; other accounts are served, and `init` repairs it."""
    box = program.box("acme", "in", "optinSMS")
    shutil.rmtree(box)
    foreign = program.folder / "foreign"
    foreign.mkdir(mode=0o700)
    (foreign / "list.csv").write_bytes(people(1))
    os.chown(foreign, GLOBEX, GLOBEX)
    # Also over an empty one, where the daemon was quicker.
    foreign.rename(box)
    waits = program.until(lambda: program.events("deposit.waits"), "it is logged")
    reason = "list.csv cannot be renamed from optinSMS/in/ to optinSMS/on/: Permission denied"
    assert {(line["account"], line["reason"]) for line in waits} == {("acme", reason)}
    program.drop("globex", "beside.csv", people(1))
    assert program.settled("globex", "beside.csv").state == "ok"
    assert program.files_in("acme", "in", "optinSMS") == ["list.csv"]
    assert program.cli("init", "acme").returncode == 0
    assert program.settled("acme", "list.csv", "optinSMS").state == "ok"


def test_no_bug_and_no_output_on_standard_error(program: HostProgram) -> None:
    """After all of these: no bug, no failure, no line on standard error."""
    assert (program.events("bug"), program.stderr.read_text()) == ([], "")
