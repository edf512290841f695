"""A deposit on which the process dies, whatever the manner of death: three times, then `ko/` as poison."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.tables import people

if TYPE_CHECKING:
    from tests.faults.scene import Run

DEADLY = people(4) + b"R5;deadly;five@example.com;\n"
HOOK = """
import ctypes, os, signal
from contactsync.reading.examination import Examination
begin = Examination.__init__
def die(self, path, *given, **named):
    if b"deadly" in path.read_bytes():
        {death}
    begin(self, path, *given, **named)
Examination.__init__ = die
"""
CRASH = "ctypes.string_at(0)"
OUT_OF_MEMORY_KILLER = "os.kill(os.getpid(), signal.SIGKILL)"
NO_MEMORY = "bytes(1 << 40)"
ADDRESS_SPACE = 8 << 30


@pytest.mark.parametrize(
    ("death", "number"),
    [(CRASH, signal.SIGSEGV), (OUT_OF_MEMORY_KILLER, signal.SIGKILL)],
    ids=["crash", "oom"],
)
def test_a_death_in_the_midst_of_a_file(run: Run, death: str, number: int) -> None:
    """A supervisor starts the daemon again; others' deposits go through in between, and each death is counted."""
    run.hook = HOOK.format(death=death)
    run.configure(workers=2)
    for account in ("acme", "globex"):
        run.add_account(account)
    run.drop("acme", "deadly.csv", DEADLY)
    run.drop("acme", "next.csv", people(3))
    deaths = 0
    run.start()
    assert run._daemon is not None
    while not run.files_in("acme", "ko"):
        daemon = run._daemon
        run.until(
            lambda daemon=daemon: daemon.poll() is not None or run.files_in("acme", "ko"),
            "death",
            alive=False,
        )
        if daemon.poll() is not None:
            assert run.wait() == -number
            deaths += 1
            assert [(row["state"], row["attempts"]) for row in run.ledger("acme")] == [("on", deaths)]
            run.drop("globex", f"{deaths}.csv", people(3))
            run.start()
    assert deaths == 3
    for drop in range(1, 4):
        assert run.settled("globex", f"{drop}.csv").state == "ok"
    assert run.settled("acme", "deadly.csv").result["reason"] == "poison"
    assert run.settled("acme", "next.csv").state == "ok"
    assert [row["attempts"] for row in run.ledger("acme")] == [4, 1]
    assert run.lists("acme") == [("next", 3)]
    run.stop()


def test_an_allocation_that_fails_is_poison(run: Run) -> None:
    """Under a limit of the address space the process survives: three tries, then poison; the other accounts are served."""
    run.hook = HOOK.format(death=NO_MEMORY)
    run.prefix = ("prlimit", f"--as={ADDRESS_SPACE}")
    with run:
        for account in ("acme", "globex"):
            run.add_account(account)
        run.drop("acme", "deadly.csv", DEADLY)
        run.drop("globex", "list.csv", people(3))
        assert run.settled("globex", "list.csv").state == "ok"
        assert run.settled("acme", "deadly.csv").result["reason"] == "poison"
        assert {event["error"] for event in run.logged("bug")} == {"MemoryError"}
