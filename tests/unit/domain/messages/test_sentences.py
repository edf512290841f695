"""The sentences for uploaders: both languages, the same blanks, and one for every reason that is raised."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

import contactsync
from contactsync.domain.messages.reasons import REASONS
from contactsync.domain.messages.row_errors import ERRORS, WARNINGS
from contactsync.domain.messages.sentence import sentence

TABLES = {"REASONS": REASONS, "ERRORS": ERRORS, "WARNINGS": WARNINGS}
SENTENCES = [
    pytest.param(french, english, id=f"{name}-{code}")
    for name, table in TABLES.items()
    for code, (french, english) in table.items()
]


def blanks(sentence: str) -> set[str | None]:
    """The names of a sentence's blanks."""
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize(("french", "english"), SENTENCES)
def test_every_code_has_both_languages(french: str, english: str) -> None:
    """Both sentences exist, differ and have the same blanks; they fit in ISO-8859-1 without a line break."""
    assert french.strip()
    assert english.strip()
    assert french != english
    assert blanks(french) == blanks(english)
    french.encode("iso-8859-1")
    assert "\n" not in french + english


@pytest.mark.parametrize("name", ["REASONS"])
def test_reasons_are_sentences(name: str) -> None:
    """They end in a full stop."""
    assert [code for code, pair in TABLES[name].items() for s in pair if not s.endswith(".")] == []


def _raised_codes() -> dict[str, list[set[str] | None]]:
    """code → the names of the details given, for each `FileRefused("code", {...})` in the program's source."""
    found: dict[str, list[set[str] | None]] = {}
    for path in Path(contactsync.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "FileRefused"
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                details_given: set[str] | None = set()
                if len(node.args) > 1:
                    details = node.args[1]
                    details_given = (
                        {key.value for key in details.keys if isinstance(key, ast.Constant)}  # type: ignore[misc]  # texts
                        if isinstance(details, ast.Dict)
                        else None
                    )
                found.setdefault(node.args[0].value, []).append(details_given)
    return found


def test_every_reason_that_is_raised_has_a_sentence_without_blanks() -> None:
    """Each refusal has its sentence, and details for every blank in it."""
    raised = _raised_codes()
    assert len(raised) > 15
    assert raised.keys() <= REASONS.keys()
    unfilled = {
        code: blanks(REASONS[code][0]) - details
        for code, each in raised.items()
        for details in each
        if details is not None and blanks(REASONS[code][0]) - details
    }
    assert unfilled == {}


@pytest.mark.parametrize(
    "code", ["too_many_fields", "too_few_fields", "text_after_quote", "unterminated_quote", "cell_too_long",
             "line_too_long", "too_many_columns", "nul_byte", "invalid_utf8"],
)  # fmt: skip
def test_every_bad_line_has_a_reason_and_a_short_message(code: str) -> None:
    """A code of a bad line is in both tables, and the details of an examination fill its sentence."""
    assert code in ERRORS
    text = sentence(REASONS, code, "fr", {"count": 2, "line": 3, "sep": ";"})
    assert "{" not in text


def test_separators_are_called_by_name() -> None:
    """A TAB cannot be seen in a sentence."""
    text = sentence(REASONS, "wrong_separator", "fr", {"found": "\t", "expected": ";"})
    assert "la tabulation" in text
    assert "le point-virgule" in text
    english = sentence(REASONS, "wrong_separator", "en", {"found": ",", "expected": "|"})
    assert re.search("commas.*vertical bars", english)
