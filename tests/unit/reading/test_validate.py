"""Which rows are valid, by account and action; what is dropped, kept and told."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from contactsync.domain.account import Account
from contactsync.domain.columns import FRENCH, KEPT_BITS, match_header
from contactsync.domain.deposit import ACTIONS
from contactsync.domain.errors import FileRefused
from contactsync.reading.validate import Verdict, check_header, validate

ACCOUNT = Account(
    1, "acme", None, None, None, ";", "none", (None,) * 15, "FR", "Europe/Paris", "auto", "keep", "possible", "refuse",
    "fr", 1,
)  # fmt: skip
IMPORT = ACTIONS["import"]
DELETE = ACTIONS["delete"]
GOOD = "a@example-mail.fr"


def account(**changed: Any) -> Account:
    """The usual account, changed."""
    return replace(ACCOUNT, **changed)


def frame(*rows: dict[str, str | None]) -> pd.DataFrame:
    """Rows as the reader gives them: Arrow text, null where blank, indexed by place from 3."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    return pd.DataFrame(
        {
            key: pd.arrays.ArrowExtensionArray(pa.array([row.get(key) for row in rows], pa.string()))
            for key in keys
        },
        index=range(3, 3 + len(rows)),
    )


def judge(*rows: dict[str, str | None], of: Account = ACCOUNT, action: str = "import") -> Verdict:
    """The verdict."""
    return validate(frame(*rows), of, ACTIONS[action])


def told(verdict: Verdict) -> list[tuple[int, str | None, str]]:
    """The rejects as tuples."""
    return [(reject.place, reject.column, reject.code) for reject in verdict.rejects]


def accepted(verdict: Verdict, key: str) -> dict[int, Any]:
    """A column of the accepted rows by place."""
    values = verdict.accepted.columns[key].to_pylist()
    return dict(zip(verdict.accepted.places.tolist(), values, strict=True))


# --- headers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "dedup", "header", "missing"),
    [
        ("import", "none", "Email", None),
        ("import", "none", "Mobile", None),
        ("import", "none", "Téléphone Fixe", None),
        ("import", "none", "Nom;Référence;Fax", "means"),
        ("import", "triplet", "Nom", "means"),
        ("import", "reference", "Email", "Référence"),
        ("import", "reference", "Référence", "means"),
        ("import", "reference", "Nom", "reference_and_means"),
        ("import", "reference", "Référence;Mobile", None),
        ("optoutEMAIL", "reference", "Email", None),
        ("optoutEMAIL", "none", "Mobile", "Email"),
        ("optoutSMS", "none", "Mobile", None),
        ("optoutSMS", "none", "Email", "Mobile"),
        ("optinVOICE", "none", "Téléphone Fixe", None),
        ("optinVOICE", "none", "Mobile", "Téléphone Fixe"),
        ("optinVOICEMAIL", "none", "Téléphone Fixe", "Mobile"),
        ("delete", "reference", "Référence", None),
        ("delete", "reference", "Email", "Référence"),
        ("delete", "triplet", "Email", None),
        ("delete", "triplet", "Référence", "means"),
    ],
)
def test_which_columns_must_be_there(action: str, dedup: Any, header: str, missing: str | None) -> None:
    """By action and criterion; the reason names the column, or the variant of the sentence that does."""
    matched = match_header(header.split(";"), [None] * 15)
    if missing is None:
        check_header(matched, account(dedup=dedup), ACTIONS[action])
        return
    with pytest.raises(FileRefused) as caught:
        check_header(matched, account(dedup=dedup), ACTIONS[action])
    details = caught.value.details
    assert (caught.value.code, details.get("variant", details["column"])) == ("missing_column", missing)


def test_delete_needs_a_criterion() -> None:
    """An account without one gets the whole file refused, whatever its columns."""
    with pytest.raises(FileRefused, match="no_criterion"):
        check_header(match_header(["Référence", "Email"], [None] * 15), ACCOUNT, DELETE)


# --- import ------------------------------------------------------------------------------------------------------


def test_values_are_stored_in_their_normal_form() -> None:
    """E-mail lower-cased, phones E.164 in the account's region, dates ISO; the rest as typed."""
    verdict = judge(
        {
            "email": "Yann.LeGoff@Example-Mail.FR",
            "phone": "02.98.44.10.32",
            "mobile": "336 90 12 34 56",
            "birth_date": "1/2/1980",
            "fax": "02 98",
            "city": "BREST",
        }
    )
    row = {
        key: accepted(verdict, key)[3] for key in ("email", "phone", "mobile", "birth_date", "fax", "city")
    }
    assert row == {
        "email": "yann.legoff@example-mail.fr",
        "phone": "+33298441032",
        "mobile": "+33690123456",
        "birth_date": "1980-02-01",
        "fax": "02 98",
        "city": "BREST",
    }


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ({"email": None, "phone": None, "mobile": None}, None, "missing_means"),
        ({"email": "x", "phone": None}, "Email", "invalid_email"),
        ({"email": None, "phone": "12"}, "Téléphone Fixe", "invalid_phone"),
        ({"mobile": "12"}, "Mobile", "invalid_mobile"),
        ({"mobile": "3.36E+10"}, "Mobile", "scientific_notation"),
        ({"phone": "3,36E+10"}, "Téléphone Fixe", "scientific_notation"),
        ({"email": "x", "phone": "12", "mobile": "12"}, "Email", "invalid_email"),
    ],
)
def test_a_row_without_a_valid_means_is_rejected(
    row: dict[str, str | None], column: str | None, code: str
) -> None:
    """Told by the first cell that was there and not valid, or else as missing."""
    verdict = judge({**row, "city": "Brest"})
    assert told(verdict) == [(3, column, code)]
    assert len(verdict.accepted.places) == 0
    assert verdict.warnings == Counter()


@pytest.mark.parametrize(
    ("row", "warning", "bit"),
    [
        ({"email": GOOD, "phone": "12"}, "invalid_phone", KEPT_BITS["phone"]),
        ({"email": GOOD, "mobile": "12"}, "invalid_mobile", KEPT_BITS["mobile"]),
        ({"email": "x", "mobile": "0612345678"}, "invalid_email", KEPT_BITS["email"]),
        ({"email": GOOD, "mobile": "3.36E+10"}, "scientific_notation", KEPT_BITS["mobile"]),
        ({"email": GOOD, "birth_date": "31/4/1980"}, "invalid_birth_date", KEPT_BITS["birth_date"]),
    ],
)
def test_an_invalid_value_beside_a_valid_means_is_dropped(
    row: dict[str, str], warning: str, bit: int
) -> None:
    """It becomes null, is counted as a warning, and remembered so that it overwrites nothing."""
    verdict = judge(row)
    bad = next(key for key, value in KEPT_BITS.items() if value == bit)
    assert told(verdict) == []
    assert verdict.warnings == Counter({warning: 1})
    assert accepted(verdict, bad)[3] is None
    assert accepted(verdict, "kept")[3] == bit


def test_blank_cells_are_not_kept() -> None:
    """Only what was there and invalid has its bit; a blank cell has none."""
    verdict = judge({"email": GOOD, "phone": None, "birth_date": None})
    assert accepted(verdict, "kept") == {3: 0}


def test_several_invalid_cells_add_up() -> None:
    """Each has its own bit and its own warning."""
    verdict = judge({"email": GOOD, "phone": "1", "mobile": "2", "birth_date": "x"})
    assert accepted(verdict, "kept") == {3: 2 + 4 + 8}
    assert verdict.warnings == Counter(invalid_phone=1, invalid_mobile=1, invalid_birth_date=1)


def test_the_account_may_ask_for_valid_numbers() -> None:
    """What is possible by its length need not be valid."""
    row = {"mobile": "336 90 12 34 56"}
    assert told(judge(row)) == []
    assert told(judge(row, of=account(phone_check="valid"))) == [(3, "Mobile", "invalid_mobile")]


def test_the_region_is_the_accounts() -> None:
    """A national number is read in the account's region."""
    assert accepted(judge({"phone": "020 7946 0958"}, of=account(region="GB")), "phone") == {
        3: "+442079460958"
    }


def test_rejects_are_in_order_of_the_file_and_by_place() -> None:
    """Places are those of the batch's rows, whatever rule they break."""
    verdict = judge(
        {"reference": "1", "email": GOOD},
        {"reference": None, "email": GOOD},
        {"reference": "3", "email": "x"},
        {"reference": "r" * 256, "email": GOOD},
        {"reference": "r" * 255, "email": GOOD},
        of=account(dedup="reference"),
    )
    assert told(verdict) == [
        (4, "Référence", "missing_reference"),
        (5, "Email", "invalid_email"),
        (6, "Référence", "reference_too_long"),
    ]
    assert list(accepted(verdict, "identity")) == [3, 7]


def test_a_row_is_rejected_once() -> None:
    """By the first rule that it breaks."""
    verdict = judge({"reference": None, "email": "x"}, of=account(dedup="reference"))
    assert told(verdict) == [(3, "Référence", "missing_reference")]


@pytest.mark.parametrize("dedup", ["none", "triplet"])
def test_the_reference_matters_under_its_criterion_only(dedup: Any) -> None:
    """A missing or long reference is no fault elsewhere."""
    verdict = judge(
        {"reference": None, "email": GOOD}, {"reference": "r" * 300, "email": GOOD}, of=account(dedup=dedup)
    )
    assert told(verdict) == []


def test_a_reference_has_255_characters_whatever_their_bytes() -> None:
    """Characters count."""
    assert told(judge({"reference": "é" * 255, "email": GOOD}, of=account(dedup="reference"))) == []


def test_identities() -> None:
    """None under `none`; the three means, blank where absent or invalid, under `triplet`; the reference to the letter."""
    rows = (
        {"reference": "a1", "email": "A@example-mail.fr", "mobile": "12"},
        {"reference": "A1", "mobile": "0612345678"},
    )
    assert accepted(judge(*rows), "identity") == {3: None, 4: None}
    assert accepted(judge(*rows, of=account(dedup="triplet")), "identity") == {
        3: "a@example-mail.fr||",
        4: "||+33612345678",
    }
    assert accepted(judge(*rows, of=account(dedup="reference")), "identity") == {3: "a1", 4: "A1"}


def test_references_of_rejected_rows_are_spared() -> None:
    """Under `reference`, mode 3 must not remove whom a rejected row names."""
    verdict = judge(
        {"reference": "ok", "email": GOOD},
        {"reference": "bad", "email": "x"},
        {"reference": None, "email": GOOD},
        of=account(dedup="reference"),
    )
    assert verdict.spared.to_pylist() == ["bad"]
    assert judge({"reference": "bad", "email": "x"}, of=account(dedup="triplet")).spared.to_pylist() == []


@pytest.mark.parametrize("action", ["import", "optoutEMAIL", "delete"])
def test_no_rows_at_all(action: str) -> None:
    """A batch may hold blank rows only."""
    nothing = frame({"reference": "x", "email": GOOD}).iloc[:0]
    verdict = validate(nothing, account(dedup="reference"), ACTIONS[action])
    assert (len(verdict.accepted.places), told(verdict), verdict.warnings) == (0, [], Counter())


# --- opt-out and opt-in --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("medium", "key", "value", "address"),
    [
        ("EMAIL", "email", "A@Example-mail.fr", "a@example-mail.fr"),
        ("SMS", "mobile", "06 12 34 56 78", "+33612345678"),
        ("VOICE", "phone", "0298441032", "+33298441032"),
        ("VOICEMAIL", "mobile", "0612345678", "+33612345678"),
    ],
)
@pytest.mark.parametrize("kind", ["optout", "optin"])
def test_consent_asks_for_its_means_alone(kind: str, medium: str, key: str, value: str, address: str) -> None:
    """Valid is a row whose means is there and valid, reference or not; other means do not help."""
    header = FRENCH[key]
    other = "email" if key != "email" else "mobile"
    good = GOOD if other == "email" else "0612345678"
    verdict = judge(
        {key: value, other: "nonsense"},
        {key: None, other: good},
        {key: "x", other: good},
        of=account(dedup="reference"),
        action=f"{kind}{medium}",
    )
    assert accepted(verdict, "key") == {3: address}
    assert told(verdict) == [(4, header, f"missing_{key}"), (5, header, f"invalid_{key}")]
    assert verdict.warnings == Counter()


def test_a_ruined_number_is_told_in_consent_too() -> None:
    """Scientific notation has its own reason everywhere."""
    assert told(judge({"mobile": "3.36E+10"}, action="optoutSMS")) == [(3, "Mobile", "scientific_notation")]


# --- delete --------------------------------------------------------------------------------------------------------


def test_delete_by_reference_asks_for_nothing_else() -> None:
    """Neither valid means nor a short reference."""
    verdict = judge(
        {"reference": "A", "email": "nonsense"},
        {"reference": None, "email": GOOD},
        {"reference": "r" * 300, "email": None},
        of=account(dedup="reference"),
        action="delete",
    )
    assert accepted(verdict, "key") == {3: "A", 5: "r" * 300}
    assert told(verdict) == [(4, "Référence", "missing_reference")]


def test_delete_by_triplet_wants_no_invalid_means() -> None:
    """At least one valid, and none invalid: the row would meet somebody else."""
    verdict = judge(
        {"email": GOOD, "phone": None},
        {"email": GOOD, "phone": "12"},
        {"email": None, "phone": None, "city": "Brest"},
        {"email": "x", "phone": "0298441032"},
        of=account(dedup="triplet"),
        action="delete",
    )
    assert accepted(verdict, "key") == {3: f"{GOOD}||"}
    assert told(verdict) == [
        (4, "Téléphone Fixe", "invalid_phone"),
        (5, None, "missing_means"),
        (6, "Email", "invalid_email"),
    ]


def test_delete_and_import_speak_of_the_same_triplet() -> None:
    """A row has one identity, whatever it is for and however its columns are ordered."""
    row = {"mobile": "0612345678", "email": "B@example-mail.fr", "phone": None}
    by = account(dedup="triplet")
    assert list(accepted(judge(row, of=by), "identity").values()) == list(
        accepted(judge(row, of=by, action="delete"), "key").values()
    )
