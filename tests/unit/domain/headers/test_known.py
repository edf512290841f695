"""Headers of other programs: the table, its order, prefixes and suffixes, numbers of any type, titles."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactsync.domain.columns import FRENCH
from contactsync.domain.headers.lookup import meanings
from contactsync.domain.headers.match import Header, match_header
from contactsync.domain.headers.names import STANDARD, HeaderRules, fold
from contactsync.domain.headers.table import IDENTIFIERS, KNOWN
from tests.cases.expectations import FOLDER

KNOWN_ONLY = HeaderRules()
RANKED = re.compile(r"^\* (\w+) \(\d+ programs\): (.*)$", re.MULTILINE)
EVERY = [(key, header) for key, headers in KNOWN.items() for header in headers]


def matched(*cells: str, rules: HeaderRules = KNOWN_ONLY, **columns: Sequence[str]) -> Header:
    """The header line, whose columns have these values; `c1` is the second."""
    return match_header(cells, rules, lambda place: columns.get(f"c{place}", ["x"]))


def ranked() -> list[tuple[str, str]]:
    """(column, header) for every header that the 46 exports need."""
    page = (FOLDER / "exports" / "README.md").read_text(encoding="utf-8")
    return [
        (key, re.sub(r" \d+$", "", header).strip())
        for key, headers in RANKED.findall(page)
        for entry in headers.split("; ")
        # "SALUTATION / Salutation 2" are two spellings; "Country / Region" is one header.
        for header in ([entry] if "Country / Region" in entry else entry.split(" / "))
    ]


@pytest.mark.parametrize(("key", "header"), [each for each in ranked() if each[0] != "reference"])
def test_every_header_that_the_46_exports_need(key: str, header: str) -> None:
    """Alone in a file, each is read as its column; a number of any type as both."""
    header = "Country/Region" if header.startswith("Country / Region") else header
    positions = matched(header, c0=["M."] if key == "civility" else ["x"]).positions
    if set(positions) == {"mobile", "phone"}:
        assert key in positions
    else:
        assert positions == {key: 0}


@pytest.mark.parametrize("header", [header for key, header in ranked() if key == "reference"])
def test_an_identifier_of_another_program_is_never_the_reference(header: str) -> None:
    """It says nothing of whose; the warning suggests it."""
    found = matched(header, "Email")
    assert "reference" not in found.positions
    assert found.unknown.suggested == ((header, "Référence"),)
    assert not matched(header, "Email", "Référence").unknown.suggested


@pytest.mark.parametrize(("key", "header"), EVERY)
def test_every_entry_of_the_table_means_its_column(key: str, header: str) -> None:
    """No entry repeats another or one of the protocol's names, which would have no effect."""
    assert fold(header) not in STANDARD
    assert [each for each in EVERY if fold(each[1]) == fold(header)] == [(key, header)]
    assert meanings(fold(header))[0][0] == key
    assert fold(header) not in map(fold, IDENTIFIERS)


@pytest.mark.parametrize(
    ("cells", "positions", "unknown"),
    [
        (("Portable", "Mobile"), {"mobile": 1}, ("Portable",)),
        (("GSM", "Portable"), {"mobile": 1}, ("GSM",)),
        (("Mail", "mail"), {"email": 0}, ("mail",)),
        (("Home City", "Ville"), {"city": 1}, ("Home City",)),
        (("Business City", "Home City"), {"city": 1}, ("Business City",)),
        (("Name", "Family Name", "Given Name"), {"last_name": 1, "first_name": 2}, ("Name",)),
        (("Person - Name", "Person - Last name"), {"last_name": 1}, ("Person - Name",)),
        (("Rue (bureau)", "Rue (bureau) 2", "Rue (domicile)"), {"address_1": 0, "address_2": 1},
         ("Rue (domicile)",)),
        (("Job Title", "Homepage", "Contact owner", "Country of birth", "Reference number"), {},
         ("Job Title", "Homepage", "Contact owner", "Country of birth", "Reference number")),
    ],
)  # fmt: skip
def test_who_wins(cells: tuple[str, ...], positions: dict[str, int], unknown: tuple[str, ...]) -> None:
    """The protocol's name, then the table's order, then the first column; the others are unknown."""
    found = matched(*cells)
    assert (found.positions, found.doubled) == (positions, ())
    assert found.unknown.names == unknown


def test_the_accounts_mapping_wins_over_the_table() -> None:
    """It loses only to the protocol's own name."""
    rules = HeaderRules(mapping=[(fold("Tél"), "mobile"), (fold("N° client"), "reference")])
    assert matched("Portable", "Tél", rules=rules).positions == {"mobile": 1}
    assert matched("Tél", "Mobile", rules=rules).positions == {"phone": 0, "mobile": 1}
    assert matched("N° client", rules=rules).positions == {"reference": 0}


def test_the_table_can_be_turned_off() -> None:
    """Under `protocol` only the protocol's names count, and the mapping; the warning suggests the others."""
    rules = HeaderRules(mapping=[(fold("Portable"), "mobile")], known=False)
    found = matched("Portable", "Courriel", "Title", rules=rules)
    assert found.positions == {"mobile": 0, "civility": 2}
    assert found.unknown.suggested == (("Courriel", "Email"),)


@pytest.mark.parametrize(
    "header", ["Phone", "Téléphone", "billing_phone", "Person - Phone", "Telefoon", "_address_telephone"]
)
def test_a_column_of_any_number_fills_both(header: str) -> None:
    """If the file has no column of its own for either."""
    found = matched("Email", header)
    assert (found.positions, found.any_number) == ({"email": 0, "phone": 1, "mobile": 1}, 1)
    assert found.mapped == ((header, ("Mobile", "Téléphone Fixe")),)


@pytest.mark.parametrize(
    ("cells", "positions"),
    [
        (("Phone", "Mobile"), {"phone": 0, "mobile": 1}),
        (("Phone", "Portable"), {"phone": 0, "mobile": 1}),
        (("Phone", "Téléphone Fixe"), {"mobile": 0, "phone": 1}),
        (("Default Address Phone", "Phone"), {"phone": 0, "mobile": 1}),
        (("Mobile", "Home Phone", "Phone"), {"mobile": 0, "phone": 1}),
        (("Phone", "Telephone"), {"phone": 0, "mobile": 0}),
    ],
)
def test_a_column_of_any_number_fills_what_is_free(cells: tuple[str, ...], positions: dict[str, int]) -> None:
    """A column of its own for one type leaves the other."""
    assert matched(*cells).positions == positions


def test_a_blank_candidate_for_a_means_gives_way_to_a_filled_one() -> None:
    """Exports have all the columns of a program, filled or not."""
    assert matched("Portable", "GSM", c0=[], c1=["0612345678"]).positions == {"mobile": 1}
    assert matched("Mobile", "Home Phone", "Phone", c1=[]).positions == {"mobile": 0, "phone": 2}
    assert matched("Home Phone", "Phone", c0=[]).positions == {"phone": 0, "mobile": 1}


@pytest.mark.parametrize(
    ("values", "taken"),
    [(["M.", "Mme"], True), (["Mme", "CEO"], True), (["Mme", "CEO", "CTO"], False), ([], True),
     (["Herr", "Frau", "Sig.ra", "Directeur"], True)],
)  # fmt: skip
@pytest.mark.parametrize("header", ["Title", "Titre"])
def test_a_title_is_a_civility_if_half_of_its_values_are(header: str, values: list[str], taken: bool) -> None:
    """Otherwise it is an unknown column."""
    found = matched("Email", header, c1=values)
    assert ("civility" in found.positions) == taken
    assert (header in found.unknown.names) == (not taken)


def test_of_two_titles_the_one_with_civilities_is_taken() -> None:
    """Outlook has two columns of this name; neither doubles the other, nor Civilité."""
    assert matched("Titre", "Titre", c0=["CEO"], c1=["Mme"]).positions == {"civility": 1}
    assert matched("Civilité", "Title", c1=["Mme"]).positions == {"civility": 0}


def test_each_mapping_is_reported_with_the_column_it_is_read_as() -> None:
    """The protocol's names and labels are no mapping."""
    rules = HeaderRules(("Magasin",), [(fold("Boutique"), "city")])
    found = matched("E-mail", "Magasin", "Boutique", "GSM", rules=rules)
    assert found.mapped == (("Boutique", ("Ville",)), ("GSM", ("Mobile",)))


@pytest.mark.parametrize(
    "header", ["jean.dupont@exemple.fr", "0612345678", "06 12 34 56 78", "1234/56", "a\uff20b.fr"]
)
def test_a_header_that_looks_like_personal_data_is_not_shown(header: str) -> None:
    """Only its position is: a file without a header line has a person's cells there."""
    found = matched("Email", "Pointure", header)
    assert (found.unknown.names, found.unknown.unnamed) == ((), (2, 3))
    assert not found.untaken_means


def test_a_row_in_place_of_a_header_line_shows_none_of_its_cells() -> None:
    """One cell happens to be a header, another gives the row away; a name looks like any header."""
    found = matched("Dupont", "Jean", "jean@example.com", "Mobile")
    assert (found.unknown.names, found.unknown.suggested, found.unknown.unnamed) == ((), (), (1, 2, 3))


@pytest.mark.parametrize(
    ("header", "means"),
    [("Portable", "mobile"), ("Courriel", "email"), ("Tél perso", "phone"), ("Téléphone portable 2", "mobile"),
     ("Opt-in Email", None), ("Accepts SMS Marketing", None), ("Phone 1 - Label", None), ("Notes", None)],
)  # fmt: skip
def test_which_headers_look_like_a_means(header: str, means: str | None) -> None:
    """Words for a means do; flags and labels beside a means do not."""
    found = matched("Email", "Mobile", "Téléphone Fixe", header)
    assert found.untaken_means == (((header, means),) if means else ())


@given(
    st.lists(
        st.sampled_from([header for _, header in EVERY] + list(FRENCH.values()) + ["Titre", "ID", "x"]),
        max_size=30,
    )
)
def test_the_table_never_doubles_a_column(cells: list[str]) -> None:
    """Each column comes from one place, and every header is taken, unknown, or doubled by the protocol's own name."""
    found = matched(*cells)
    doubled = len(found.positions) - len(set(found.positions.values()))
    assert doubled == (found.any_number is not None)
    own = [key for cell in cells if (key := STANDARD.get(fold(cell)))]
    assert len(found.doubled) == len(own) - len(set(own))
    assert len(set(found.positions.values())) + found.unknown.count + len(found.doubled) == len(cells)
