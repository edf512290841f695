"""An account that uploads thousands of files at once delays no other account."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from contactsync.processing.lanes import MAX_LOGGED_STRAYS
from tests.acceptance.processes import processor_seconds
from tests.acceptance.program import Program
from tests.acceptance.tables import people
from tests.polling import until

# Files in one in/; CONTACTSYNC_FLOOD=100000 for the long form.
FLOOD = 2000
# Deposits of the other account.
SMALL = 20


def test_a_flood_of_files_delays_nobody_else(tmp_path: Path, database_url: str) -> None:
    """While the daemon works through one account's thousands of files in order, another's small deposits settle between them.

    Time is counted in deposits of the flood, so the speed of the machine does not matter.
    """
    count = int(os.environ.get("CONTACTSYNC_FLOOD", FLOOD))
    with closing(Program(tmp_path / "flooded", database_url, rescan_seconds=0.5)) as program:
        for name in ("flood", "other"):
            program.add_account(name)
        inbox = program.box("flood", "in")
        # Empty files are refused as quickly as others.
        for number in range(count):
            (inbox / f"{number:06}.csv").touch()
        for number in range(count // 10):
            (inbox / f".dot-{number}").touch()
            (inbox / f"{number}.tmp").touch()
        for number in range(300):
            (inbox / f"folder-{number}").mkdir()
        with program:
            memory = _rss(program)
            program.until(lambda: len(program.rows(DONE)) > 10, "the flood is being processed")
            for number in range(SMALL):
                program.drop("other", f"{number}.csv", people(1))
            program.settled("other", f"{SMALL - 1}.csv")
            small = program.ledger("other")
            done = program.rows(DONE)
            ahead = [
                row
                for row in done
                if small[0]["deposited_at"] < row["finished_at"] < small[-1]["finished_at"]
            ]
            waits = sorted((row["finished_at"] - row["deposited_at"]).total_seconds() for row in small)
            print(f"{count} files: others wait {waits[SMALL // 2]:.3f} s, at most {waits[-1]:.3f} s")
            assert len(small) == SMALL
            assert len(ahead) < count // 2, f"{SMALL} small deposits waited for {len(ahead)} of the flood"
            if "CONTACTSYNC_FLOOD" in os.environ:
                until(lambda: len(program.rows(DONE)) >= count, "all are refused", seconds=3600, pause=1)
                done = program.rows(DONE)
            took = (done[-1]["finished_at"] - done[0]["finished_at"]).total_seconds()
            grown = _rss(program) - memory
            print(
                f"{len(done)} in {took:.0f} s, {processor_seconds(program.pid):.1f} s of CPU, {grown >> 20} MiB more memory"
            )
            assert grown < 60 << 20
            assert [row["name"] for row in done] == [f"{number:06}.csv" for number in range(len(done))]
            assert len(program.logged("stray.folder", times=MAX_LOGGED_STRAYS)) == MAX_LOGGED_STRAYS
        assert program.events("bug") == program.events("deposit.waits") == []


# Without the answers to folders.
DONE = (
    "SELECT d.name, finished_at FROM deposit AS d JOIN account AS a USING (account_id)"
    " WHERE a.name = 'flood' AND state = 'ko' AND d.reason <> 'a_folder' ORDER BY deposit_id"
)


def _rss(program: Program) -> int:
    """Bytes of memory that the daemon has."""
    pages = int(Path(f"/proc/{program.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
