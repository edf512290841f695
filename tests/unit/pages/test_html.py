"""The page as HTML: every outcome in both languages, names as text, nothing that runs or is loaded."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from contactsync.domain.account import Language
from contactsync.processing import result_json
from contactsync.processing.answers import page
from tests import answers

HOSTILE = "<img src=x onerror=alert(1)>\"'&{{7*7}}{% if %}</style><script>alert(2)</script>.csv"
VOID = ("meta", "br")


class Outline(HTMLParser):
    """Checks that elements are closed in order; collects elements, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[str] = []
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_outcome_is_a_whole_page(language: Language) -> None:
    """Its first line is the verdict; no blank is left, and nothing of Python shows."""
    for code, result in answers.every(language).items():
        written = page(answers.account(language), result).decode()
        outline = Outline(written)
        body = written.partition("<main>")[2]
        assert body.lstrip().startswith('<h1 class="verdict '), code
        assert f'<html lang="{language}">' in written
        assert not re.search(r"None(?! of)|[{}]|Undefined|\[\]|\(\)", body), code
        assert outline.elements.count("h1") == 1


@pytest.mark.parametrize("language", ["fr", "en"])
def test_nothing_runs_and_nothing_is_loaded(language: Language) -> None:
    """No script, no handler, no address: only the elements of a text with tables."""
    for result in answers.every(language).values():
        written = page(answers.account(language), result).decode()
        outline = Outline(written)
        assert not {"script", "img", "link", "iframe", "object", "form", "a", "svg"} & set(outline.elements)
        assert not {name for name in outline.attributes if name.startswith("on") or name in ("src", "href")}
        assert not re.search(r"url\(|@import|https?:|//", written)


def test_names_are_text() -> None:
    """Of files, lists and unknown columns: they are escaped everywhere, and no template."""
    findings = answers.partly()
    findings.details["unknown_column"] = {"names": [HOSTILE], "suggested": [], "unnamed": []}
    deposit = answers.subject("en", findings, name=HOSTILE.encode())
    written = page(deposit.account, result_json.applied(deposit, answers.REJECTED, HOSTILE)).decode()
    outline = Outline(written)
    assert "img" not in outline.elements
    assert "script" not in outline.elements
    assert HOSTILE in outline.texts
    assert any(HOSTILE[:40] in text for text in outline.texts if "not recognised" in text)
    assert not {name for name in outline.attributes if name.startswith("on")}


def test_a_lone_surrogate_does_not_stop_the_answer() -> None:
    """Whatever a name was read as, the file leaves on/."""
    result = answers.applied("en", "applied") | {"list": "a\udcff"}
    assert "a?" in page(answers.account("en"), result).decode()


def test_the_template_engine_is_loaded_with_the_first_page() -> None:
    """A daemon starts without it."""
    code = "import sys, contactsync.service.daemon, contactsync.processing.answers; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
