"""The pages for uploaders say what the program does: its codes, sentences, headers, folders, markers and times."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from contactsync.domain.columns import FRENCH, KEYS
from contactsync.domain.deposit import ACTIONS
from contactsync.domain.headers.match import match_header
from contactsync.domain.headers.names import HeaderRules
from contactsync.domain.messages.notes import NOTES
from contactsync.domain.messages.reasons import REASONS
from contactsync.domain.messages.row_errors import ERRORS
from contactsync.domain.messages.sentence import render
from contactsync.domain.messages.text import Sentences, Text
from contactsync.domain.messages.warnings import WARNINGS
from contactsync.settings.settings import Settings
from contactsync.spool.markers import MODES
from tests.messages import context, details

DOCS = Path(__file__).parents[2] / "docs"
# In the order of the sentences.
LANGUAGES = ("fr", "en")
CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"```[a-z]+\n(.*?)```", re.DOTALL)

in_both = pytest.mark.parametrize("language", LANGUAGES)
in_each_table = pytest.mark.parametrize(
    ("nth", "sentences"), list(enumerate((REASONS, ERRORS, WARNINGS))), ids=("reasons", "errors", "warnings")
)


def page(language: str) -> str:
    return (DOCS / f"uploaders.{language}.md").read_text(encoding="utf-8")


def plain(text: str) -> str:
    """Without the typography that pages have and messages, which are plain ISO-8859-1, have not."""
    return text.replace("`", "").replace("\u00a0", " ").replace("’", "'")


def tables(text: str) -> list[list[list[str]]]:
    """Every table: its rows, below the header, as cells."""
    found = re.findall(r"^\|.*\|\n\|[-|]+\|\n((?:\|.*\|\n)+)", text, re.MULTILINE)
    return [
        [[cell.strip() for cell in re.split(r"(?<!`)\|(?!`)", row)[1:-1]] for row in table.splitlines()]
        for table in found
    ]


def table_of_codes(language: str, nth: int) -> dict[str, str]:
    rows = tables(page(language))[-3:][nth]
    assert len({code for code, _ in rows}) == len(rows)
    return {code.strip("`"): said for code, said in rows}


def shown(language: str, code: str, text: Text) -> str:
    """What the page has for a code: the sentence for one line, its variants and additions, each on its own line.

    Rendered with the values of `tests.messages`, so the page shows whole sentences and no blanks.
    """
    count = 2 if code == "zip_several_files" else 1
    where = context(language=language)
    each = (text, *text.variants.values(), *text.then.values())
    return "<br>".join(dict.fromkeys(render(bare(one), where, details(code, count=count)) for one in each))


def bare(text: Text) -> Text:
    """A text without its variants and additions, which are on lines of their own."""
    return replace(text, variants={}, then={})


@in_both
@in_each_table
def test_every_code_and_no_other(language: str, nth: int, sentences: Sentences) -> None:
    """In the program's own order, so that a new code has one place to go."""
    assert list(table_of_codes(language, nth)) == list(sentences)


@in_both
@in_each_table
def test_the_sentences_are_those_of_the_answer(language: str, nth: int, sentences: Sentences) -> None:
    """A message can be looked up as it was received, with examples for its numbers and names."""
    for code, said in table_of_codes(language, nth).items():
        assert plain(said) == plain(shown(language, code, sentences[code])), code


@in_both
def test_notes_come_last(language: str) -> None:
    """The page says of the last two warnings that they ask for nothing."""
    assert list(table_of_codes(language, 2))[-2:] == list(NOTES)


@in_both
@pytest.mark.parametrize("program", ["Excel", "LibreOffice"])
def test_how_to_open_a_file_without_damage(language: str, program: str) -> None:
    """Numbered steps of each spreadsheet, from opening to saving, that keep every column as text."""
    (steps,) = re.findall(rf"^\*\*{program}\*\*\n\n((?:(?:\d\.|  ).*\n)+)", page(language), re.MULTILINE)
    assert len(re.findall(r"^\d\.", steps, re.MULTILINE)) >= 4
    text = plain(" ".join(steps.split()))
    as_text = {
        ("fr", "Excel"): "Ne pas détecter les types de données",
        ("en", "Excel"): "Do not detect data types",
        ("fr", "LibreOffice"): "Choisissez Texte comme Type de colonne",
        ("en", "LibreOffice"): "Choose Text as the Column type",
    }
    assert as_text[language, program] in text
    assert "CSV" in text.split(as_text[language, program])[1]


@in_both
def test_the_headers_are_those_of_the_program(language: str) -> None:
    """All 31 of them, each French one beside its English one; a range covers the fifteen fields."""
    (table,) = (table for table in tables(page(language)) if table[0][0] == "`Référence`")
    documented = set()
    for french, english, _ in table:
        keys = headers(french)
        assert keys == headers(english)
        assert [FRENCH[key] for key in keys] == CODE.findall(french)
        documented |= set(keys)
    assert documented - {"field_1", "field_15"} == {key for key in KEYS if not key.startswith("field_")}
    assert {"field_1", "field_15"} <= documented


def headers(cell: str) -> list[str]:
    """The keys of the columns that are named in a cell of a table; every one is known."""
    found = match_header(CODE.findall(cell), HeaderRules())
    assert (found.unknown.count, found.doubled) == (0, ())
    return sorted(found.positions, key=lambda key: found.positions[key])


@in_both
def test_the_columns_that_a_line_needs_have_their_headers(language: str) -> None:
    """In that table too, the names in the second column are headers of the program."""
    (table,) = (table for table in tables(page(language)) if table[0][0] == "`import/`")
    named = {name for _, needs in table for name in CODE.findall(needs)}
    assert named == {"Référence", "Email", "Mobile", "Téléphone Fixe"}
    assert named <= set(FRENCH.values())


@in_both
def test_the_example_is_a_file_that_is_read(language: str) -> None:
    """Its header line has known columns only, and its rows as many cells."""
    header, *rows = FENCE.findall(page(language))[1].splitlines()
    assert not match_header(header.split(";"), HeaderRules()).unknown.count
    assert {row.count(";") for row in rows} == {header.count(";")}


@in_both
def test_folders_and_markers(language: str) -> None:
    """All ten actions, and all three markers."""
    text = page(language)
    assert set(re.findall(r"\b(import|delete|opt(?:in|out)[A-Z]+)/", FENCE.findall(text)[0])) == set(ACTIONS)
    assert set(re.findall(r"`(\.[a-z]+[A-Z]\w+)`", text)) == {name.decode() for name in MODES}


@in_both
def test_names_that_are_left_alone_times_and_sizes(language: str) -> None:
    """The defaults; an operator who changes them has to change the page."""
    text, defaults = plain(page(language)), Settings()
    suffixes = {
        f"*{each}"
        for each in re.findall(
            r"`(~|\.(?:(?:file)?part(?:ial)?|te?mp|writing|inprogress|uploading|crdownload))`", page(language)
        )
    }
    assert suffixes | {".*"} == set(defaults.ignored_names)
    assert f"{defaults.settle_seconds:g} second" in text
    assert f"{defaults.grace_seconds / 60:g} minutes" in text
    assert re.search(rf"\b{defaults.max_file_bytes >> 20} M[Bo]\b", text)


def test_french_typography() -> None:
    """Curly apostrophes, and no space before : ; ? ! » or after « at which a line could break."""
    text = re.sub(r"`[^`\n]+`", "`", FENCE.sub("", page("fr")))
    text = text.replace("English version:", "")
    assert re.findall(r".{,20}'.{,20}", text) == []
    assert re.findall(r".{,20}(?:(?<!\|) [:;?!»]|« |\w[:;?!»](?!//)).{,20}", text) == []


def test_the_french_and_the_english_page_have_the_same_parts() -> None:
    """What one says, the other says too: as many headings, tables and rows."""
    french, english = page("fr"), page("en")
    assert re.findall(r"^#+", french, re.MULTILINE) == re.findall(r"^#+", english, re.MULTILINE)
    assert [len(table) for table in tables(french)] == [len(table) for table in tables(english)]
