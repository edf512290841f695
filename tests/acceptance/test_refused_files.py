"""Every file that cannot be read is refused as a whole, with a reason that names the fix."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.crowd import (
    assert_log_is_private,
    assert_memory_is_bounded,
    assert_only_log_lines,
    content_of,
    make_deposit,
    unused_account,
)
from tests.acceptance.program import Program
from tests.acceptance.refusals import REFUSALS

if TYPE_CHECKING:
    from tests.acceptance.refusals import Refusal


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.name.replace(" ", "-"))
def test_refused_as_a_whole(eager: Program, case: Refusal) -> None:
    """It goes to `ko/` with its reason, a message that names the fix, and nothing has changed."""
    account = unused_account(case.dedup)
    before = content_of(eager, account)
    settled = make_deposit(eager, account, "list.csv", case.put, case.action)
    assert settled.state == "ko", settled.result
    assert settled.result["reason"] == case.reason
    assert case.fix in settled.result["message"].replace("\u00a0", " ")
    assert "{" not in settled.result["message"]
    assert content_of(eager, account) == before
    (row,) = eager.ledger(account)
    assert (row["state"], row["reason"], row["rows_applied"]) == ("ko", case.reason, 0)


def _by_name(*names: str) -> pytest.MarkDecorator:
    cases = [case for case in REFUSALS if case.name in names]
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name.replace(" ", "-"))


@_by_name("symbolic link", "hard link", "FIFO", "device")
def test_a_link_pipe_or_device_is_moved_unopened(eager: Program, case: Refusal) -> None:
    """A link, pipe or device is neither opened nor followed nor copied: the same inode is in `ko/.unopened/`."""
    account = unused_account()
    made_here: list[os.stat_result] = []

    def put(path: Path) -> None:
        case.put(path.with_name(".upload"))
        made_here.append(path.with_name(".upload").lstat())
        path.with_name(".upload").rename(path)

    settled = make_deposit(eager, account, "list.csv", put, "import")
    assert stat.S_ISREG(settled.path.lstat().st_mode)
    found = (settled.path.parent / ".unopened" / settled.path.name).lstat()
    assert (found.st_ino, stat.S_IFMT(found.st_mode)) == (
        made_here[0].st_ino,
        stat.S_IFMT(made_here[0].st_mode),
    )


def test_the_log_contains_no_cell(eager: Program) -> None:
    """After all of these no cell and no address is in the log."""
    assert_log_is_private(eager)


def test_only_log_lines_are_written(eager: Program) -> None:
    """After all of these standard error is empty, and each line on standard output is an event in JSON."""
    assert_only_log_lines(eager)


def test_memory_stays_bounded(eager: Program) -> None:
    """After all of these the daemon never used more than 400 MB."""
    assert_memory_is_bounded(eager)
