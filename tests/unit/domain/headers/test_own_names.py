"""The protocol's own headers and an account's labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactsync.domain.columns import FRENCH, KEYS
from contactsync.domain.headers.match import match_header
from contactsync.domain.headers.names import HeaderRules, fold, label_problem, visible

NONE = HeaderRules()
ENGLISH = [
    "Title",
    "First name",
    "Last name",
    "Email",
    "Fixed telephone",
    "Mobile",
    "Fax",
    "Address 1",
    "Address 2",
    "Postal code",
    "City",
    "State",
    "Country",
    "Date of birth",
    "Company",
    "Reference",
] + [f"Field {n}" for n in range(1, 16)]
PROTOCOL = [
    "Civilité",
    "Prénom",
    "Nom",
    "Email",
    "Téléphone Fixe",
    "Mobile",
    "Fax",
    "Adresse 1",
    "Adresse 2",
    "Code postal",
    "Ville",
    "Etat",
    "Pays",
    "Date de naissance",
    "Société",
    "Référence",
] + [f"Champ {n}" for n in range(1, 16)]


def labels(**given_: str) -> list[str | None]:
    """Fifteen labels, `f3="Magasin"` being the third."""
    return [given_.get(f"f{n}") for n in range(1, 16)]


@pytest.mark.parametrize("names", [PROTOCOL, ENGLISH])
def test_all_31_headers_match(names: list[str]) -> None:
    """The French and the English names, in the protocol's order."""
    assert list(match_header(names, NONE).positions.items()) == list(zip(KEYS, range(31), strict=True))


def test_the_french_headers_are_the_protocols() -> None:
    """The headers in contactsync's own files are the protocol's."""
    assert list(FRENCH.values()) == PROTOCOL


@pytest.mark.parametrize(
    "written",
    [
        "Téléphone Fixe",
        "telephone fixe",
        "TELEPHONEFIXE",
        " Te\u0301le\u0301phone\u00a0  fixe ",
        "ｔéléphone fixe",
        "Téléphone_fixe*",
        "telephone-fixe :",
        "Télé\u00adphone\u200b Fixe\ufeff",
    ],
)
def test_case_accents_spaces_and_marks_do_not_count(written: str) -> None:
    """Headers match without case, accents, white space, format characters and `- _ . * :`."""
    assert match_header([written], NONE).positions == {"phone": 0}


def test_any_order_and_any_subset() -> None:
    """Columns may come in any order; their positions are those in the file."""
    assert match_header(["Mobile", "x", "Référence"], NONE).positions == {"mobile": 0, "reference": 2}


def test_a_label_matches_beside_its_champ() -> None:
    """The account's own name and `Champ n` both mean the field, in any case and accent."""
    own = HeaderRules(labels(f3="Magasin préféré"))
    assert match_header(["MAGASIN PREFERE"], own).positions == {"field_3": 0}
    assert match_header(["Champ 3"], own).positions == {"field_3": 0}
    assert match_header(["champ 3", "magasin préféré"], own).doubled == ("Champ 3",)


def test_unknown_and_nameless_columns() -> None:
    """Unknown names are reported as written; nameless columns are not, but they count for the width."""
    header = match_header(["Email", "", "Shoe size", "\u200b"], NONE)
    assert (header.unknown.names, header.width, header.named_width) == (("Shoe size",), 4, 3)


def test_the_result_columns_are_ignored_silently() -> None:
    """`Ligne` and `Motif` are ignored; only at the end of the line do they mark a rejected file."""
    header = match_header(["Email", "Ligne", "Motif"], NONE)
    assert (header.unknown.count, header.result_columns, header.positions) == (0, True, {"email": 0})
    assert not match_header(["Ligne", "Motif", "Email"], NONE).result_columns
    assert match_header(["Ligne", "Motif", "Email"], NONE).unknown.count == 0


@pytest.mark.parametrize(
    ("own", "wrong"),
    [
        (labels(f1="Magasin"), False),
        (labels(f1="Champ 1"), False),
        (labels(f1="Field 1"), False),
        (labels(f1="Champ 2"), True),
        (labels(f1="E-mail"), True),
        (labels(f1="Courriel"), False),
        (labels(f1="É mail"), True),
        (labels(f1="ligne"), True),
        (labels(f1="Motif"), True),
        (labels(f1="  "), True),
        (labels(f1="Magasin", f9="MAGASIN"), True),
        (labels(f1="a\nb"), True),
        (labels(), False),
    ],
)
def test_which_labels_are_refused(own: list[str | None], wrong: bool) -> None:
    """A standard header, another label, a blank or a line end cannot be a label."""
    assert (label_problem(own) is not None) == wrong


@given(st.text(max_size=12))
def test_folding_twice_is_folding_once(text: str) -> None:
    """A folded header, decorated, folds to the same: matching is stable."""
    assert fold(f" {fold(text)} ") == fold(fold(text))


@given(st.lists(st.one_of(st.text(max_size=6), st.sampled_from(PROTOCOL)), max_size=8))
def test_every_named_cell_is_known_unknown_or_doubled(cells: list[str]) -> None:
    """No header cell gets lost."""
    cells = [cell for cell in cells if fold(cell) not in ("ligne", "motif")]
    header = match_header(cells, HeaderRules(known=False))
    named = [cell for cell in cells if visible(cell)]
    assert len(header.positions) + header.unknown.count + len(header.doubled) == len(named)


@pytest.mark.parametrize("header", ["\u0301\u0323" * 15_000, "\ufdfa" * 30_000, "Email" + " " * 30_000 + "x"])
def test_a_very_long_header_is_unknown_and_costs_nothing(header: str) -> None:
    """It is not normalised, which would take seconds to minutes, and not kept."""
    assert match_header([header, "Email"], NONE).positions == {"email": 1}
