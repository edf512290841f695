"""The headline of an applied file: what it did, what to do, what was not stored."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contactsync.domain.deposit import ACTIONS, Counts, Mode
from contactsync.domain.messages.outcome import Remarks, outcome, would_be
from contactsync.domain.messages.words import NBSP
from tests.messages import context


def said(counts: Counts, remarks: Remarks | None = None, action: str = "import", **where: Any) -> str:
    return outcome(context(action, **where), counts, remarks or Remarks()).replace(NBSP, " ")


def test_an_import_with_rejected_rows_and_dropped_values() -> None:
    """Effect, rejected rows with their remedy, dropped values."""
    counts = Counts(10_000, 9_997, 3, 9_877, 120, 0, 0)
    assert said(counts, Remarks({"mobile": 3000}, {"mobile": 9000})) == (
        "La liste « clients » a été créée avec 9 997 contacts ; 9 877 contacts sont nouveaux ; "
        "120 contacts ont été mis à jour. 3 lignes sur 10 000 ont été rejetées. "
        "Corrigez-les dans le fichier des rejets et déposez-le dans le même in/. "
        "3 000 numéros de mobile n'ont pas été enregistrés, car ils ne sont pas valides."
    )


def test_a_synchronised_list() -> None:
    """Who left it is reported even if nobody did."""
    assert said(Counts(1, 1, 0, 0, 0, 1, 0), mode=Mode.SYNC, language="en") == (
        'The list "clients" now holds the contact of the file; none was removed; no contact is new; '
        "1 contact was up to date."
    )
    assert said(Counts(2, 1, 1, 1, 0, 0, 7), mode=Mode.SYNC, dedup="reference") == (
        "La liste « clients » contient maintenant le contact du fichier ; "
        "7 contacts en ont été retirés et restent dans votre compte ; un contact est nouveau. "
        "Une ligne sur 2 a été rejetée. Corrigez-la dans le fichier des rejets et déposez-le dans le même in/. "
        "Le contact de la ligne rejetée n'a pas été retiré de la liste."
    )


@pytest.mark.parametrize(
    ("action", "counts", "expected"),
    [
        (
            "optoutSMS",
            Counts(15, 15, 0, 12, 0, 3),
            "12 numéros de mobile ont été désabonnés des SMS ; 3 l'étaient déjà.",
        ),
        (
            "optoutEMAIL",
            Counts(1, 1, 0, 0, 0, 1),
            "Aucune adresse e-mail n'a été désabonnée ; une l'était déjà.",
        ),
        ("optoutVOICE", Counts(1, 1, 0, 1), "Un numéro de téléphone fixe a été désabonné des appels vocaux."),
        (
            "optinVOICEMAIL",
            Counts(3, 3, 0, 0, 0, 2, 1),
            "Un numéro de mobile a été réabonné aux messages vocaux ; 2 n'étaient pas désabonnés.",
        ),
    ],
)
def test_opt_outs_and_opt_ins(action: str, counts: Counts, expected: str) -> None:
    """In the gender of the address or the number."""
    assert said(counts, action=action) == expected


def test_an_opt_in_that_came_too_late_for_some() -> None:
    """They are counted as unchanged, but they are opted out: the sentence must not deny it."""
    assert said(Counts(3, 3, 0, 0, 0, 2, 1), Remarks(stay_opted_out=2), "optinEMAIL") == (
        "Une adresse e-mail a été réabonnée. "
        "2 adresses e-mail restent désabonnées, car leur désabonnement est postérieur au dépôt de ce fichier."
    )


def test_a_delete_that_met_nobody() -> None:
    """Nobody must believe that people were deleted."""
    remarks = Remarks(met_nobody=2)
    assert said(Counts(2, 2), remarks, "delete") == (
        "Aucun contact n'a été supprimé ; 2 lignes ne correspondent à aucun contact."
    )
    assert said(Counts(2, 2), remarks, "delete", language="en") == (
        "No contact was deleted; 2 rows match no contact."
    )


def test_most_of_a_medium_dropped_comes_first() -> None:
    """From more than half on it is the news."""
    counts = Counts(10, 10, 0, 10)
    half = said(counts, Remarks({"mobile": 5}, {"mobile": 10}))
    assert half.endswith("5 numéros de mobile n'ont pas été enregistrés, car ils ne sont pas valides.")
    most = said(counts, Remarks({"mobile": 6}, {"mobile": 10}))
    assert most.startswith("6 numéros de mobile n'ont pas été enregistrés")
    assert "presque toute" not in most
    nearly_all = said(counts, Remarks({"mobile": 9}, {"mobile": 10}))
    assert "C'est presque toute la colonne Mobile : vérifiez son format. La liste" in nearly_all
    dates = said(counts, Remarks({"birth_date": 9}, {"birth_date": 10}))
    assert dates.startswith("La liste")


def test_dropped_values_of_several_columns_are_one_sentence() -> None:
    """With their number in each column."""
    remarks = Remarks({"birth_date": 2, "mobile": 3, "email": 0})
    assert said(Counts(5, 5, 0, 5), remarks).endswith(
        "5 valeurs n'ont pas été enregistrées, car elles ne sont pas valides : "
        "3 numéros de mobile, 2 dates de naissance."
    )


def test_a_rejected_file_that_lacks_rows_is_no_remedy() -> None:
    """The uploader's own file is."""
    text = said(Counts(200_000, 0, 150_000, 0), Remarks(rejects_left_out=50_000), action="delete")
    assert "limité à ses 100 000 premières lignes : 50 000 autres lignes rejetées n'y figurent pas" in text
    assert "dans le même in/" not in text


@given(
    st.sampled_from(list(ACTIONS)),
    st.sampled_from(list(Mode)),
    st.fixed_dictionaries(
        {
            "language": st.sampled_from(["fr", "en"]),
            "dedup": st.sampled_from(["none", "triplet", "reference"]),
        }
    ),
    st.lists(st.integers(0, 2_000_000) | st.integers(0, 3), min_size=6, max_size=6),
    st.dictionaries(st.sampled_from(["email", "phone", "mobile", "number", "birth_date"]), st.integers(0, 5)),
)
def test_every_outcome_is_whole_sentences(
    action: str, mode: Mode, account: dict[str, Any], numbers: list[int], dropped: dict[str, int]
) -> None:
    """Capital, full stop, no blank, no clause that begins a sentence in lower case."""
    applied, rejected, inserted, updated, unchanged, removed = numbers
    # An import without a contact is refused.
    assume(action != "import" or inserted + updated + unchanged > 0)
    counts = Counts(applied + rejected, applied, rejected, inserted, updated, unchanged, removed)
    remarks = Remarks(dropped, {"mobile": 5}, met_nobody=updated, stay_opted_out=min(unchanged, removed))
    text = outcome(context(action, mode, **account), counts, remarks)
    assert not re.search(r"[{}]|None|  |\.\.", text)
    assert text.endswith(".")
    for sentence in re.split(r"(?<=[.])\s", text):
        assert sentence[0].isupper() or sentence[0].isdigit()
        assert sentence.count(":") <= 1


def test_a_check_says_what_would_be() -> None:
    """Nothing has happened, so nothing is reported as done."""
    assert (
        would_be(context(language="en"), Counts(3, 2, 1))
        == "Check done: this file would be applied, except 1 row."
    )
    assert would_be(context(language="en"), Counts(3, 3)) == "Check passed: this file would be applied."
