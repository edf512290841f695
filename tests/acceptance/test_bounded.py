"""Hostile files cost the daemon no more than stated, in memory and in processor time."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.hostile import inflating, packed
from tests.acceptance.processes import processor_seconds
from tests.acceptance.program import Program
from tests.acceptance.tables import people

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Databases

MIB = 1 << 20
# MiB above what the daemon needs after a small file.
MEMORY = 160
# Seconds of processor time, which other load does not change: each takes a tenth of it.
SECONDS = 30.0
HEAD = b"Email;Nom;Mobile;R\xe9f\xe9rence\n"

FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "a zip of 250 MB whose checksum is wrong": (
        lambda: inflating(HEAD, b";;;\n" * (MIB // 4), 250),
        "zip_damaged",
    ),
    "a zip over the limit": (lambda: inflating(HEAD, b";;;\n" * (MIB // 4), 300), "inflated_too_large"),
    "a zip of one open quote": (lambda: inflating(HEAD + b'"', b"x" * MIB, 250), "line_too_long"),
    "a header of five million columns": (lambda: b"Email" + b";" * 5_000_000 + b"\n", "too_many_columns"),
    "256 columns of long cells": (
        lambda: HEAD[:-1] + b";x" * 250 + b"\n" + (b";".join([b"y" * 32_000] * 254) + b"\n") * 2,
        "line_too_long",
    ),
    "wide rows": (
        lambda: HEAD[:-1] + b";x" * 250 + b"\n" + (b";".join([b"y" * 4_000] * 254) + b"\n") * 19,
        "no_valid_row",
    ),
    "twenty million quotes": (lambda: HEAD + b'"' * (19 * MIB), "line_too_long"),
    "quotes and line breaks": (lambda: HEAD + b'"\n";' * (MIB // 2), "no_rows"),
    "a letter, quotes and line breaks": (lambda: HEAD + b'"a\n";' * (MIB // 2), "too_many_columns"),
    "one line of 19 MB": (lambda: HEAD + b"z" * (19 * MIB), "line_too_long"),
    "two million line ends": (lambda: HEAD + b"\n" * (2 * MIB), "no_rows"),
    "half a million short rows": (lambda: HEAD + b"a\n" * 500_000, "too_few_fields"),
}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Program]:
    with (
        databases() as url,
        closing(Program(tmp_path_factory.mktemp("bounded"), url, workers=1, rescan_seconds=0.2)) as program,
        program,
    ):
        program.add_account("acme")
        program.drop("acme", "small.csv", people(1000))
        program.settled("acme", "small.csv")
        yield program


def test_the_rejected_file_of_a_small_upload_is_small(daemon: Program) -> None:
    """A zip of a few kB, with many short rows under a wide header: it was padded to more than a hundred times its size."""
    rows = 120_000
    daemon.drop(
        "acme", "wide.csv", packed(("a.csv", b"Email;R\xe9f\xe9rence" + b";" * 250 + b"\n" + b"a;b\n" * rows))
    )
    settled = daemon.settled("acme", "wide.csv")
    assert settled.result["reason"] == "no_valid_row"
    assert (settled.result["rejected_complete"], settled.result["rejected_left_out"]) == (False, 20_000)
    rejected = settled.beside(".rejected.csv").read_bytes()
    assert rejected.count(b"\n") == 100_001
    assert len(rejected) <= 32 * MIB


def megabytes(program: Program, what: str) -> float:
    """VmRSS, or VmHWM: the most it had since that was set back."""
    status = Path(f"/proc/{program.pid}/status").read_text()
    (number,) = re.findall(rf"{what}:\s*(\d+) kB", status)
    return int(number) / 1024


@pytest.mark.parametrize("what", FILES)
def test_a_hostile_file_costs_little(
    daemon: Program, what: str, record_property: Callable[..., None]
) -> None:
    """Refused with its reason, within the bounds."""
    make, reason = FILES[what]
    name = f"{list(FILES).index(what)}.csv"
    content = make()
    before = megabytes(daemon, "VmRSS")
    Path(f"/proc/{daemon.pid}/clear_refs").write_text("5")
    began = processor_seconds(daemon.pid)
    daemon.drop("acme", name, content)
    settled = daemon.settled("acme", name)
    seconds, grown = processor_seconds(daemon.pid) - began, megabytes(daemon, "VmHWM") - before
    print(f"{what}: {seconds:.1f} s, {grown:.0f} MB, {settled.result['reason']}")
    assert settled.result["reason"] == reason
    assert grown < MEMORY
    assert seconds < SECONDS
