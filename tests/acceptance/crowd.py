"""A daemon with an account for each hostile file, and a bystander whose files must be applied meanwhile."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.hostile import CANARY
from tests.acceptance.program import Program
from tests.acceptance.tables import people

if TYPE_CHECKING:
    from tests.acceptance.hostile import Put
    from tests.acceptance.settled import Settled


_numbers = itertools.count(1)


CROWD = {"reference": 120, "triplet": 3, "none": 3}
"""Accounts for all cases, made before the daemon starts: it need not look for them."""


def _prepare(program: Program, account: str, dedup: str) -> None:
    """An account with a contact, a list of it named like the file, an opt-out, and the mode that replaces."""
    program.add_account(account, dedup)
    key = program.rows("SELECT account_id FROM account WHERE name = %s", account)[0]["account_id"]
    program.connection.execute(
        "WITH a AS (SELECT %(a)s::bigint AS id),"
        " c AS (INSERT INTO contact (account_id, identity, reference, email)"
        "       SELECT id, 'R1', 'R1', 'before@example.com' FROM a RETURNING contact_id),"
        " l AS (INSERT INTO contact_list (account_id, name) SELECT id, 'list' FROM a RETURNING list_id),"
        " o AS (INSERT INTO opt_out SELECT id, 'SMS', '+33600000009', 'file', now() FROM a)"
        " INSERT INTO list_member SELECT id, list_id, contact_id FROM a, l, c",
        {"a": key},
    )
    (program.ftp / account / "contacts" / "import" / ".syncExistingList").touch()


_unused: dict[str, list[str]] = {}


def unused_account(dedup: str = "reference") -> str:
    """An account of the latest crowd that no other test uses."""
    return _unused[dedup].pop()


def content_of(program: Program, account: str) -> object:
    """Everything that a deposit could have changed."""
    return program.contacts(account), program.lists(account), program.opt_outs(account)


def add_crowd(program: Program) -> None:
    """Create all accounts, before the daemon starts."""
    program.add_account("bystander")
    for dedup, count in CROWD.items():
        _unused[dedup] = [f"{dedup}-{number}" for number in range(count)]
        for name in _unused[dedup]:
            _prepare(program, name, dedup)


def make_deposit(program: Program, account: str, name: str, put: Put, action: str) -> Settled:
    """Make the deposit, and check that a good file of another account is applied beside it."""
    number = next(_numbers)
    try:
        put(program.box(account, "in", action) / name)
    except PermissionError:
        pytest.skip("needs root")
    program.drop("bystander", f"{number}.csv", people(1, first=number))
    settled = program.only(account, action)
    assert program.settled("bystander", f"{number}.csv").result["rows_applied"] == 1
    assert not program.files_in(account, "in", action)
    assert not program.files_in(account, "on", action)
    assert (program.events("bug"), program.events("deposit.waits")) == ([], [])
    return settled


def assert_log_is_private(program: Program) -> None:
    """No cell and no address is in the log."""
    log = program.log() + program.stderr.read_text()
    assert CANARY not in log
    assert "example.com" not in log
    assert not re.search(r"\+33|0600000", log)


def assert_only_log_lines(program: Program) -> None:
    """Standard error is empty, and each line on standard output is an event in JSON."""
    assert program.events("deposit.settled")
    assert program.stderr.read_text() == ""


def assert_memory_is_bounded(program: Program) -> None:
    """The daemon never used more than 400 MB."""
    status = Path(f"/proc/{program.pid}/status").read_text()
    (peak,) = re.findall(r"VmHWM:\s+([0-9]+) kB", status)
    assert int(peak) < 400_000
