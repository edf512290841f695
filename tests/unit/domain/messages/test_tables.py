"""Every sentence, by itself: both languages, their blanks, and the rules of style that a machine can hold."""

from __future__ import annotations

import re
import string
from contextlib import nullcontext

import pytest

from contactsync.domain.deposit import ACTIONS, Mode
from contactsync.domain.messages.row_errors import ERRORS
from contactsync.domain.messages.sentence import BLANKS, VARIANTS, row_error
from contactsync.domain.messages.sentence import _template as with_typography
from contactsync.domain.messages.text import Text
from contactsync.domain.messages.words import KINDS, NBSP, SEPARATORS
from tests.messages import TABLES, context, texts

FORBIDDEN = (
    *(
        "(s)",
        "Mio",
        "MiB",
        "email",
        "valable",
        "envoi",
        "envoy",
        "abîmé",
        "corrompu",
        "partage",
        "votre contact",
    ),
    *(
        "laissé",
        "appliqué",
        "marqueur",
        "répertoire",
        "erreur ",
        "échec",
        "interdit",
        "illégal",
        "Etat ",
        "!",
    ),
    *(
        "délimiteur",
        "charset",
        "opt-out",
        "opt-in",
        "désinscr",
        "réinscr",
        "média",
        "rapport",
        "entête",
        "mél",
    ),
)
"""Words that the glossary rules out, and marks of style."""

SPREADSHEET_ERROR = re.compile(r"[Ee]rreurs? du tableur|#REF!")
"""What a spreadsheet calls an error is one."""

SAMPLES = re.compile(r"R\?f\?rence|#REF!")

DEPOSITS = [
    *(
        context(mode=mode, name=b"a.zip", dedup=dedup, separator="\t")
        for mode in Mode
        for dedup in ("none", "triplet")
    ),
    *(context(action, dedup="reference") for action in ACTIONS),
]

every_text = pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in texts()])


def blanks(form: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(form) if name is not None}


@every_text
def test_both_languages_have_the_same_blanks(text: Text) -> None:
    """What one language can report, the other reports too; their forms are as many."""
    french, english = text.forms("fr"), text.forms("en")
    assert len(french) == len(english)
    assert set().union(*map(blanks, french)) == set().union(*map(blanks, english))
    assert all(form.strip() == form and form for form in french + english)
    assert french != english


@every_text
def test_every_blank_is_documented(text: Text) -> None:
    """A raiser looks its details up in one place."""
    for form in text.forms("fr"):
        assert blanks(form) - text.parts.keys() <= BLANKS.keys()
    if len(text.forms("fr")) > 1:
        assert text.by in BLANKS


@every_text
def test_every_fact_is_one_that_can_hold(text: Text) -> None:
    """A variant whose fact is misspelt would never be sent."""
    of_deposits = set().union(*(where.facts for where in DEPOSITS))
    for key in (*text.variants, *text.then):
        assert set(key.split()) <= of_deposits | VARIANTS.keys()


@every_text
def test_parts_are_used(text: Text) -> None:
    """A clause that no form has a blank for is dead text."""
    for language in ("fr", "en"):
        for form in text.forms(language):
            assert text.parts.keys() <= blanks(form)


@every_text
def test_french_has_plain_characters_and_no_forbidden_word(text: Text) -> None:
    """ISO-8859-1, ordinary spaces in the source, typewriter apostrophes, and the words of the glossary."""
    for form in text.forms("fr"):
        form.encode("iso-8859-1")
        assert NBSP not in form
        assert "\n" not in form
        allowed = SPREADSHEET_ERROR.sub("", form)
        assert [word for word in FORBIDDEN if word in allowed] == []


@every_text
def test_one_colon_per_sentence(text: Text) -> None:
    """Where a second one would follow, there are two sentences."""
    for language in ("fr", "en"):
        for form in text.forms(language):
            for sentence in re.split(r"(?<=[.?])\s", re.sub(r"\{[^}]*\}", "x", form)):
                assert sentence.count(":") <= 1, sentence


@every_text
def test_no_line_breaks_before_french_punctuation(text: Text) -> None:
    """After typography each high mark has U+00A0 before it, and guillemets have it inside."""
    for form in text.forms("fr"):
        shown = with_typography(form, "fr", frozenset())
        bare = re.sub(r"\{[^}]*\}", "x", shown)
        assert re.findall(r" [:;!?»%]|« | Mo\b|\d \d{3}\b", bare) == []
        assert re.findall(r"\w[:;!?»]", SAMPLES.sub("", bare)) == []
        assert shown.replace(NBSP, " ") == form


@pytest.mark.parametrize("name", ["reasons", "warnings", "single"])
def test_messages_are_full_sentences(name: str) -> None:
    """They begin with a capital or a name and end in a full stop."""
    for code, whole in TABLES[name].items():
        for text in (whole, *whole.variants.values(), *whole.then.values()):
            for form in (*text.forms("fr"), *text.forms("en")):
                ending = re.sub(r" ?\{(confirm|remedy)\}$", "", form)
                assert ending[-1] in ".?", code
                assert ending[0].isupper() or ending[0].isdigit() or ending[0] in '{«"', code


@pytest.mark.parametrize("region", ["FR", "BE", "RE", "US", "DE", "CH", "GB", "AC"])
@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_row_error_fits_into_a_cell(region: str, separator: str, language: str) -> None:
    """A phrase, a colon, the remedy; short, and nothing that most accounts would have to quote."""
    where = context(region=region, separator=separator, language=language)
    for code, text in ERRORS.items():
        for variant in ("", *text.variants):
            motif = row_error(ERRORS, code, where, None, variant)
            motif.encode("iso-8859-1")
            assert motif.count(":") == 1, motif
            assert len(motif) < 130, motif
            assert motif[0].isupper()
            assert motif.split(":")[1].strip()[0].islower()
            assert not motif.endswith(".")
            assert not re.search(r'[;"\t{}]', motif), motif
            assert motif[0] not in "=+-@"
            # As bytes of ISO-8859-1 it must not look like UTF-8: the returned file would look mixed.
            with nullcontext() if motif.isascii() else pytest.raises(UnicodeDecodeError):
                motif.encode("iso-8859-1").decode("utf-8")


def test_kinds_of_files_begin_with_an_article() -> None:
    """They follow "Le fichier est" and "The file is"."""
    for french, english in KINDS.values():
        assert re.match(r"une? \w", french)
        assert re.match(r"an? \w", english)
        french.encode("iso-8859-1")
