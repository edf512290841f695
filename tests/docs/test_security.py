"""SECURITY.md names a test for each attack, and the test exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
TEST = re.compile(r"`(tests/[a-z_0-9/]+\.py)::(test_[a-z_0-9]+)`")
ATTACKS = [
    line.strip("| ").split(" | ")
    for line in TEXT.partition("## Attacks and their tests")[2].splitlines()
    if line.startswith("| ") and not line.startswith("| attack ")
]


@cache
def functions(path: Path) -> set[str]:
    """The tests of a module; empty if there is no such module."""
    if not path.exists():
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", ATTACKS, ids=lambda row: row[0])
def test_each_attack_has_a_defence_and_a_test(row: list[str]) -> None:
    """A promise without a test is none."""
    _attack, defence, tests = row
    assert defence
    assert TEST.sub("", tests).strip(", ") == ""


@pytest.mark.parametrize(("path", "name"), sorted(set(TEST.findall(TEXT))))
def test_the_named_test_exists(path: str, name: str) -> None:
    """A renamed test is renamed in the document too."""
    assert name in functions(ROOT / path)
