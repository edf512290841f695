"""Why rows are malformed: what the program saw, and what would have worked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.reading.diagnosis.files import refusal

HEADER = "Référence;Nom;Adresse 1;Email\n"
GOOD = "A1;Dupont;Bourg;a1@exemple.fr\n"


def found(data: str, action: str = "import", **settings: Any) -> tuple[str, str, Any, list[Any]]:
    """Code, variant, count, and the (line, code) of each error."""
    refused = refusal(data, action, **settings)
    details = refused.details
    errors = [(error.line, error.code) for error in refused.errors]
    return refused.code, details.get("variant", ""), details.get("count"), errors


def test_a_last_row_that_is_broken_off() -> None:
    """The upload ended in it: no spreadsheet has left out its cells. With a line end, or if others are as short, one has."""
    header = "Référence;Email;Nom\n"
    good, short = "A1;a1@exemple.fr;Dupont\n", "A2;a2@exemple.fr"
    assert found(header + good + short)[0] == "too_few_fields"
    assert found(header + good + short + "\n")[0] == "missing_empty_cells"
    assert found(header + f"{short}\n" + short)[0] == "missing_empty_cells"


def test_lines_in_quotes_as_a_whole() -> None:
    """Excel writes them so if a cell holds a comma; their own quotes may be doubled."""
    rows = '"A2;Martin;12, rue X;a2@exemple.fr"\n"A3;""Le Goff"";12, rue Y;a3@exemple.fr"\n'
    refused = refusal(HEADER + GOOD + rows)
    assert (refused.code, refused.details["count"], refused.details["lines"]) == ("quoted_lines", 2, [3, 4])
    assert {error.code for error in refused.errors} == {"quoted_lines"}


def test_a_quoted_line_that_would_be_no_contact() -> None:
    """A note in quotes is not a contact in quotes."""
    assert found(HEADER + GOOD + '"a;b;c;d"\n' + GOOD)[0] == "too_few_fields"


@pytest.mark.parametrize("other", [",", "|", "\t"])
def test_rows_with_another_separator_than_the_header(other: str) -> None:
    """All of them: both separators are named."""
    refused = refusal(HEADER + GOOD.replace(";", other) * 2)
    assert (refused.code, refused.details["variant"]) == ("mixed_separators", "")
    assert (refused.details["found"], refused.details["expected"]) == (other, ";")


@pytest.mark.parametrize("separator", [";", "auto"])
def test_quoted_rows_with_another_separator(separator: str) -> None:
    """They are no text after a quote."""
    row = '"A1","Du;pont","Bourg, 1","a1@exemple.fr"\n'
    assert found(HEADER + row, separator=separator) == ("mixed_separators", "", 1, [(2, "mixed_separators")])


def test_some_rows_with_another_separator() -> None:
    """A file that was put together: the lines are named."""
    data = HEADER + GOOD + GOOD.replace(";", ",") * 2
    assert found(data) == ("mixed_separators", "some", 2, [(3, "mixed_separators"), (4, "mixed_separators")])


def test_rows_in_typographic_quotes() -> None:
    """A separator in such a cell splits it."""
    row = "A2;\u201cDupont; Jean\u201d;Bourg;a2@exemple.fr\n"
    assert found(HEADER + GOOD + row)[:3] == ("wrong_quotes", "typographic", 1)
    assert found(HEADER + GOOD + row.replace("\u201c", "'").replace("\u201d", "'"))[:3] == (
        "wrong_quotes",
        "",
        1,
    )


def test_empty_cells_that_a_spreadsheet_left_out() -> None:
    """The rows would be contacts with blank cells at their end."""
    header = "Référence;Nom;Email;Ville;Pays\n"
    data = header + "A1;Dupont;a@b.fr;Lyon;FR\n" + "A2;Martin;b@c.fr\nA3;Le Goff;c@d.fr\n" * 60
    code, _, count, errors = found(data)
    assert (code, count, len(errors)) == ("missing_empty_cells", 120, 100)


@pytest.mark.parametrize(
    ("header", "column"), [("Référence;Email;Nom", "Référence"), ("Email;Ville;Nom", "Email")]
)
def test_a_column_that_is_always_filled_is_named(header: str, column: str) -> None:
    """It is one of the file's own."""
    refused = refusal(f"{header}\na@b.fr;a@b.fr\n", dedup="reference" if "R" in header else "none")
    assert (refused.code, refused.details["column"]) == ("missing_empty_cells", column)


def test_a_line_break_in_a_cell_is_no_empty_cell() -> None:
    """Two pieces of a row, neither of which is a contact."""
    assert found("Référence;Nom;Email\nA1;Du\npont;a@b.fr\n" + "A2;x;b@c.fr\n")[0] == "too_few_fields"


def test_a_footer_directly_below_the_rows() -> None:
    """Without a blank line it may be a row, so it is refused, and the remedy names it."""
    data = HEADER + GOOD + "Total : 1\nExport du 12/03/2026\n"
    assert found(data)[:3] == ("too_few_fields", "footer", 2)
    assert found(HEADER + GOOD + "Total\n" + GOOD)[:2] == ("too_few_fields", "")


def test_every_row_has_more_cells_than_the_header() -> None:
    """The header line is at fault, or all rows."""
    assert found("Référence;Email\nA1;a@b.fr;Dupont\nA2;b@c.fr;Martin\n")[:3] == (
        "too_many_fields",
        "every",
        2,
    )
    assert found("Référence;Email\nA1;a@b.fr;Dupont\nA2;b@c.fr\n")[:3] == ("too_many_fields", "", 1)


def test_the_sentence_is_about_the_rows_with_the_first_cause() -> None:
    """Other malformed rows keep their own code."""
    data = HEADER + GOOD.replace(";", ",") + "x\n" + GOOD + "A2;b\n"
    code, variant, count, errors = found(data)
    assert (code, variant, count) == ("mixed_separators", "some", 1)
    assert errors == [(2, "mixed_separators"), (3, "too_few_fields"), (5, "too_few_fields")]


def test_opt_outs_by_their_means() -> None:
    """What is a contact depends on the action."""
    assert found("Mobile;Nom;Ville\n0612345678;Dupont\n", "optoutSMS")[0] == "missing_empty_cells"
    assert found("Mobile;Email;Ville\n;a@b.fr\n", "optoutSMS")[0] == "too_few_fields"
    assert found("Référence;Nom;Ville\nA1;Dupont\n", "delete")[0] == "missing_empty_cells"


def test_a_long_row_is_listed_but_not_looked_at() -> None:
    """The time of a diagnosis is bounded."""
    data = HEADER + f"A1,{'x' * 5000},Bourg,a1@exemple.fr\n"
    assert found(data) == ("too_few_fields", "", 1, [(2, "too_few_fields")])


@pytest.mark.parametrize("end", ["\x0b", "\x85", "\u2028"])
def test_line_ends_of_other_systems(end: str) -> None:
    """The file has one line, and that is not for want of contacts."""
    for text in (HEADER + GOOD, "Référence;Email;Nom\nA1;a@b.fr;Dupont\n"):
        assert found(text.replace("\n", end))[:2] == ("no_rows", "line_ends")
    assert found(HEADER)[:2] == ("no_rows", "")


def test_html_with_a_known_word_in_it() -> None:
    """Rows of another format are named by it, too."""
    assert found("<table>;Email\n<tr>\n", dedup="none")[0] == "not_csv"
