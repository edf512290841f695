"""Why a header line cannot be used: what the program saw, and what would have worked."""

from __future__ import annotations

import pytest

from contactsync.domain.deposit import Mode
from contactsync.domain.headers.unknown import UnknownColumns
from tests.unit.reading.diagnosis.files import refusal, why

HEADER = "Référence;Nom;Email;Téléphone Fixe"
ROW = "A1;Lefèvre;a1@exemple.fr;0299415263"
TEXT = f"{HEADER}\n{ROW}\n"


@pytest.mark.parametrize(
    ("data", "variant"),
    [
        (TEXT.encode("mac_roman"), "mac_roman"),
        (TEXT.encode("cp850"), "cp850"),
        (TEXT.encode("cp437"), "cp850"),
        (TEXT.encode().decode("latin-1").encode(), "twice_utf8"),
        (TEXT.encode().decode("cp1252").encode(), "twice_utf8"),
        (TEXT.encode().decode("cp1252").encode().decode("cp1252").encode(), "twice_utf8"),
        (TEXT.encode().decode("mac_roman").encode(), "twice_utf8"),
        (TEXT.encode("latin-1").decode("cp850").encode(), "twice_utf8"),
        (TEXT.encode("ascii", "replace"), "lost"),
        (TEXT.replace("é", "??").encode("ascii", "replace"), "lost"),
        (TEXT.encode("latin-1").decode("utf-8", "replace").encode(), "lost"),
        (TEXT.encode("mac_roman").decode("latin-1").encode(), "twice_utf8"),
        (TEXT.encode("ascii", "replace").replace(b"?", b"_"), "dropped"),
        (TEXT.encode("ascii", "ignore"), "dropped"),
        (TEXT.replace("é", "&eacute;").encode("ascii", "xmlcharrefreplace"), "escaped"),
        (TEXT.encode("ascii", "xmlcharrefreplace"), "escaped"),
        (TEXT.replace("é", "=C3=A9").encode(), "escaped"),
        (TEXT.replace("é", "%C3%A9").encode(), "escaped"),
        (TEXT.replace("é", "\\u00e9").encode(), "escaped"),
        (TEXT.encode("utf-7"), "escaped"),
        ("编号;姓名;Email\n1;王;a@b.cn\n".encode("gbk"), ""),
        (TEXT.encode("cp500"), ""),
        (TEXT.encode("cp037"), ""),
        ("Номер;Имя;Почта\n1;Иван;a@b.ru\n".encode("cp1251"), ""),
        (bytes((n * 7919 + n // 7) % 255 + 1 for n in range(5000)), ""),
    ],
)
@pytest.mark.parametrize("separator", [";", "auto"])
def test_headers_in_another_encoding(data: bytes, variant: str, separator: str) -> None:
    """They are named by their encoding, instead of a column that is missing."""
    assert why(data, separator=separator) == ("wrong_encoding", variant)


def test_a_triplet_account_is_shown_the_encoding_too() -> None:
    """`Téléphone Fixe` in another encoding looks like a means of contact that is not recognised."""
    found = refusal(TEXT.encode("mac_roman"), mode=Mode.SYNC, dedup="triplet")
    assert (found.code, found.details["variant"]) == ("wrong_encoding", "mac_roman")


def test_good_text_of_another_language_is_not_blamed() -> None:
    """Headers in Cyrillic are read, but mean nothing."""
    assert why("Номер;Имя;Почта\n1;Иван;x\n") == ("no_known_column", "")


@pytest.mark.parametrize("separator", [";", ",", "auto"])
def test_every_line_in_quotes_as_a_whole(separator: str) -> None:
    """The file has one column."""
    data = f'"{HEADER}"\n"{ROW}"\n\n"{ROW}"\n'
    found = refusal(data, separator=separator)
    assert (found.code, found.details["variant"]) == ("quoted_lines", "all")


def test_a_line_that_was_quoted_again() -> None:
    """Its own quotes are doubled then."""
    assert why('"Référence,""Nom"",Email"\n"A1,""Du,pont"",a@b.fr"\n') == ("quoted_lines", "all")


def test_quoted_lines_that_a_spreadsheet_has_widened() -> None:
    """Blank cells follow."""
    assert why('"Reference;Nom;Email";;\n"A1;Du;a@b.fr";;\n') == ("quoted_lines", "all")


def test_only_the_header_line_in_quotes_as_a_whole() -> None:
    """The line is named."""
    found = refusal(f'\n"{HEADER}"\n{ROW}\n')
    assert (found.code, found.details.get("variant"), found.details["lines"]) == ("quoted_lines", None, [2])


@pytest.mark.parametrize("found", [",", "|", "\t"])
def test_all_cells_in_quotes_with_another_separator(found: str) -> None:
    """The separator is wrong, rather than text after a quote."""
    data = TEXT.replace(";", f'"{found}"').replace("\n", '"\n"')
    refused = refusal(f'"{data[:-1]}')
    assert (refused.code, refused.details["found"]) == ("wrong_separator", found)
    assert (refused.details["expected"], refused.errors) == (";", ())


@pytest.mark.parametrize("mark", [":", "^", "~", "#", "/", "\xa7", "\uff1b", "\x1f", " ", "    "])
@pytest.mark.parametrize("separator", [";", "auto"])
def test_a_separator_that_no_account_can_have(mark: str, separator: str) -> None:
    """The sentence names the one that is expected."""
    found = refusal(f"Reference{mark}Nom{mark}Email\nA1{mark}Du{mark}a@b.fr\n", separator=separator)
    assert (found.code, found.details["variant"], found.details["expected"]) == (
        "wrong_separator",
        "other",
        ";",
    )


@pytest.mark.parametrize(
    ("opening", "closing", "variant"),
    [
        ("'", "'", ""),
        ("`", "`", ""),
        ("\u201c", "\u201d", "typographic"),
        ("\u2018", "\u2019", "typographic"),
        ("\u201e", "\u201c", "typographic"),
        ("\xab", "\xbb", "typographic"),
        ("\xab\xa0", "\xa0\xbb", "typographic"),
        ('""', '""', "doubled"),
    ],
)
@pytest.mark.parametrize("separator", [";", "auto"])
def test_cells_in_other_quotes(opening: str, closing: str, variant: str, separator: str) -> None:
    """They are named."""
    data = "\n".join(
        ";".join(f"{opening}{cell}{closing}" for cell in line.split(";")) for line in (HEADER, ROW)
    )
    assert why(data, separator=separator) == ("wrong_quotes", variant)


@pytest.mark.parametrize(
    "above", ["Export du 12/03/2026\n", "\nClients;;;\n\n", '"Liste des contacts"\r\n\r\n']
)
def test_a_title_above_the_header_line(above: str) -> None:
    """The line of the headers is named."""
    found = refusal(above + TEXT)
    assert (found.code, found.details["variant"]) == ("no_known_column", "below")
    assert found.details["line"] == (above + TEXT)[: (above + TEXT).index("Référence")].count("\n") + 1


@pytest.mark.parametrize("separator", [";", "auto"])
def test_a_person_in_place_of_the_headers(separator: str) -> None:
    """The sentence asks for a header line, and shows nothing of the row."""
    found = refusal("A1;Dupont;a1@exemple.fr\nA2;Martin;a2@exemple.fr\n", separator=separator)
    assert (found.code, found.details["variant"]) == ("no_known_column", "no_header")
    assert found.details["unknown"] == UnknownColumns()


def test_a_row_without_an_address_is_not_shown_either() -> None:
    """A name looks like any header."""
    for row in ("Dupont;Lyon", "Villet;Brest", "Tellier;Brest"):
        found = refusal(f"{row}\nMartin;Brest\n")
        assert (found.code, found.details["unknown"].count) == ("no_known_column", 0)


@pytest.mark.parametrize(
    ("header", "action", "settings", "suggested", "names"),
    [
        ("ID;Pointure;Email", "import", {}, [("ID", "Référence")], ["Pointure"]),
        ("Référence;Courriel;Tél. mobile", "import", {"headers": "protocol"},
         [("Courriel", "Email"), ("Tél. mobile", "Mobile")], []),
        ("Référence;Boîte mail;Zut", "import", {}, [("Boîte mail", "Email")], ["Zut"]),
        ("Referencia;Noms;Email", "import", {}, [("Referencia", "Référence"), ("Noms", "Nom")], []),
        ("Nom;Emial (pro);[Reference]", "import", {},
         [("Emial (pro)", "Email"), ("[Reference]", "Référence")], []),
        ("contact.reference;Code;Email", "import", {}, [("contact.reference", "Référence")], ["Code"]),
        ("Référence;Nom;Contacter ici", "optoutEMAIL", {}, [], ["Contacter ici"]),
        ("Référence;Nom;N° du portable perso", "optoutSMS", {}, [("N° du portable perso", "Mobile")], []),
    ],
)  # fmt: skip
def test_unknown_headers_are_named_with_what_they_may_mean(
    header: str, action: str, settings: dict[str, str], suggested: list[tuple[str, str]], names: list[str]
) -> None:
    """A missing column is often there under another name."""
    found = refusal(f"{header}\na;b;c\n", action, **settings)
    assert found.code == "missing_column"
    assert (list(found.details["unknown"].suggested), list(found.details["unknown"].names)) == (
        suggested,
        names,
    )


@pytest.mark.parametrize(
    ("values", "column"),
    [
        (["a@b.fr", "", "c@d.fr"], "Email"),
        (["0612345678", "06 12 34 56 78"], "Mobile"),
        (["+33299415263", "02.99.41.52.63"], "Téléphone Fixe"),
    ],
)
@pytest.mark.parametrize("first", ["Référence", "Zut"])
def test_the_values_below_a_header_show_what_it_means(values: list[str], column: str, first: str) -> None:
    """Also if no column is known at all."""
    rows = "".join(f"R{n};{value}\n" for n, value in enumerate(values))
    found = refusal(f"{first};Kontakt\n{rows}")
    assert ("Kontakt", column) in found.details["unknown"].suggested


def test_no_value_is_shown() -> None:
    """Details name headers only."""
    found = refusal("Zut;Kontakt\nsecret1;secret2@b.fr\n")
    assert "secret" not in str(found.details)
