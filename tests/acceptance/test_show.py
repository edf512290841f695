"""`show` beside a running daemon: everything about one deposit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.commands import cli
from tests.acceptance.program import Program
from tests.acceptance.tables import HEADER, people

if TYPE_CHECKING:
    from collections.abc import Iterator

MIXED = (HEADER + "R1;Un;un@example.com;\nR2;Deux;deux.example.com;\n").encode("latin-1")
RAGGED = (HEADER + "R1;Un;un@example.com\n").encode("latin-1")


@pytest.fixture
def running(down: Program) -> Iterator[Program]:
    """A daemon that takes files at once, with an account whose uploaders speak English."""
    with down as program:
        program.add_account("acme", language="en")
        yield program


def shown(program: Program, deposit: int) -> tuple[dict[str, Any], str]:
    """A deposit as `show` prints it: the JSON and the text."""
    document, text = cli(program, "show", deposit, "--json"), cli(program, "show", deposit)
    assert (document.returncode, document.stderr) == (text.returncode, text.stderr) == (0, "")
    return json.loads(document.stdout), text.stdout


def test_an_applied_deposit(running: Program) -> None:
    """Its counts, the times of its stages, where it is, and each rejected row; no value of the file."""
    running.drop("acme", "list.csv", MIXED)
    settled = running.settled("acme", "list.csv")
    found, text = shown(running, running.ledger("acme")[0]["deposit_id"])
    assert (found["state"], found["rows_applied"], found["rows_rejected"]) == ("ok", 1, 1)
    assert (found["list"], found["path"], found["retries"]) == ("list", str(settled.path), [])
    assert set(found["stage_ms"]) == {"read", "merge"}
    assert [(error["line"], error["code"]) for error in found["errors"]] == [(3, "invalid_email")]
    assert found["message"] == settled.result["message"]
    assert f"{settled.path}" in text
    assert "line 3, Email" in text
    assert "deux" not in text


def test_a_retried_deposit(running: Program) -> None:
    """Both ends of a retry show the whole chain."""
    running.drop("acme", "list.csv", RAGGED)
    assert running.settled("acme", "list.csv").state == "ko"
    (first,) = (row["deposit_id"] for row in running.ledger("acme"))
    assert cli(running, "account", "set", "acme", "--syntax-errors", "skip").returncode == 0
    assert cli(running, "retry", first).returncode == 0
    running.until(lambda: len(running.ledger("acme")) == 2, "it is claimed again")
    running.settled("acme", "list.csv")
    chain = [row["deposit_id"] for row in running.ledger("acme")]
    for deposit in chain:
        found, text = shown(running, deposit)
        assert [retry["deposit_id"] for retry in found["retries"]] == chain
        assert f"{deposit}  " in text.partition("retries")[2]
        assert text.count("(this one)") == 1


def test_the_canonical_line_has_the_facts(running: Program) -> None:
    """The log line names the file on disk, its size, mode, list, encoding and warnings."""
    running.drop("acme", "list.csv", MIXED)
    settled = running.settled("acme", "list.csv")
    (line,) = running.logged("deposit.settled")
    expected = {
        "claimed_name": settled.path.name,
        "size_bytes": len(MIXED),
        "mode": 1,
        "list": "list",
        "encoding": settled.result["encoding"],
        "warnings": {warning["code"]: warning["count"] for warning in settled.result["warnings"]},
    }
    assert {key: line[key] for key in expected} == expected
    assert running.events("deposit.claimed") == []


def test_a_large_deposit_is_logged_when_it_begins(running: Program) -> None:
    """Its canonical line may be minutes away."""
    running.drop("acme", "big.csv", people(20_000))
    running.settled("acme", "big.csv")
    (ended,), (begun,) = running.logged("deposit.settled"), running.events("deposit.claimed")
    assert (begun["deposit_id"], begun["attempt"]) == (ended["deposit_id"], 1)
    assert begun["size_bytes"] == ended["size_bytes"] > 256 << 10


def test_an_unknown_deposit(running: Program) -> None:
    """One sentence, exit status 1."""
    done = cli(running, "show", 999_999)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "contactsync: there is no deposit 999999: contactsync history\n"
