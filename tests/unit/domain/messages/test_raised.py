"""Every code that the program raises has its sentence, and is raised with what the sentence needs."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import contactsync
from contactsync.domain.messages.reasons import REASONS
from contactsync.domain.messages.row_errors import ERRORS
from contactsync.domain.messages.sentence import OPTIONAL, sentence
from contactsync.domain.messages.warnings import WARNINGS
from contactsync.domain.messages.words import KINDS
from contactsync.reading import container
from tests.messages import context

FROM_CONTEXT = context().blanks.keys()


@cache
def _source() -> tuple[ast.AST, ...]:
    """Every node of the program's source."""
    paths = Path(contactsync.__file__).parent.rglob("*.py")
    return tuple(node for path in paths for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def _raised() -> Iterator[tuple[str, set[str]]]:
    """Each `FileRefused("code", {…})` in the source, with the names of its details."""
    for call in _source():
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            continue
        if call.func.id != "FileRefused" or not call.args or not isinstance(call.args[0], ast.Constant):
            continue
        given = call.args[1] if len(call.args) > 1 else ast.Dict([], [])
        if isinstance(given, ast.Dict):
            yield call.args[0].value, {key.value for key in given.keys if isinstance(key, ast.Constant)}


def _needed(code: str, given: set[str]) -> set[str]:
    """The blanks of a sentence that its details must fill; of all variants if one may be asked for."""
    text = REASONS[code]
    possible = text.every() if "variant" in given else [text]
    forms = [form for each in possible for form in each.forms("fr")]
    names = {name for form in forms for _, name, _, _ in string.Formatter().parse(form) if name}
    return names - FROM_CONTEXT - set(OPTIONAL) - text.parts.keys()


def test_every_reason_that_is_raised_has_its_sentence_and_its_blanks_filled() -> None:
    """No refusal can fail for want of words."""
    raised = list(_raised())
    assert len({code for code, _ in raised}) > 15
    assert {code for code, _ in raised} <= REASONS.keys()
    assert [
        (code, _needed(code, given) - given) for code, given in raised if _needed(code, given) - given
    ] == []


def test_every_warning_that_is_counted_has_its_sentence() -> None:
    """A warning without words would stop the result of a file that is applied already."""
    counted = {code.value for node in _source() for code in _counted(node) if isinstance(code, ast.Constant)}
    assert {"unknown_column", "several_markers"} <= counted <= WARNINGS.keys()


def _counted(node: ast.AST) -> list[ast.expr]:
    """The code in `warnings[code]` or `warn(code, …)`."""
    match node:
        case ast.Subscript(value=ast.Attribute(attr="warnings"), slice=code):
            return [code]
        case ast.Call(func=ast.Attribute(attr="warn"), args=[code, *_]):
            return [code]
    return []


@pytest.mark.parametrize(
    "code", ["too_many_fields", "too_few_fields", "text_after_quote", "unterminated_quote", "cell_too_long",
             "line_too_long", "too_many_columns", "nul_byte", "invalid_utf8"],
)  # fmt: skip
def test_every_bad_line_has_a_reason_and_a_short_word(code: str) -> None:
    """What refuses a file line by line is in both tables, and the details of an examination fill it."""
    assert code in ERRORS
    text = sentence(REASONS, code, context(), {"count": 2, "line": 3, "sep": ";"})
    assert "{" not in text


@pytest.mark.parametrize("key", ["email", "phone", "mobile"])
def test_every_means_has_its_row_errors_and_its_warning(key: str) -> None:
    """Validation makes these codes of the name of the column."""
    assert {f"missing_{key}", f"invalid_{key}"} <= ERRORS.keys()
    assert f"invalid_{key}" in WARNINGS


def test_every_foreign_kind_of_file_has_words() -> None:
    """What is recognised by its first bytes."""
    assert {found for _, found in container._FOREIGN if found} <= KINDS.keys()
