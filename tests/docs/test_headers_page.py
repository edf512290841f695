"""The page of headers is the program's own table."""

from __future__ import annotations

from pathlib import Path

from tools import headers

PAGE = Path(__file__).parents[2] / "docs" / "headers.md"


def test_the_page_is_current() -> None:
    """`make headers` writes it again."""
    assert PAGE.read_text(encoding="utf-8") == headers.page()
