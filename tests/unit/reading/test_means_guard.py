"""Which files are refused because a means of contact was not recognised (protocol 2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contactsync.domain.account import Dedup
from contactsync.domain.columns import match_header
from contactsync.domain.deposit import ACTIONS, Mode
from contactsync.domain.errors import FileRefused
from contactsync.reading.means_guard import refuse_untaken_means
from tests.messages import ACCOUNT

HEADER = replace(match_header(["Email", "GSM pro"], []), untaken_means=(("GSM pro", "mobile"),))


@pytest.mark.parametrize(("action", "mode"), [("import", Mode.SYNC), ("delete", None)])
def test_a_file_that_would_change_every_triplet_is_refused(action: str, mode: Mode | None) -> None:
    """A list would be emptied, or nobody deleted: the refusal names the header and the column."""
    with pytest.raises(FileRefused) as refused:
        refuse_untaken_means(HEADER, replace(ACCOUNT, dedup="triplet"), ACTIONS[action], mode)
    assert refused.value.code == "means_not_recognised"
    assert refused.value.details == {"header": "GSM pro", "column": "Mobile"}


@pytest.mark.parametrize(
    ("dedup", "action", "mode"),
    [
        ("triplet", "import", Mode.CREATE),
        ("triplet", "import", Mode.ADD),
        ("triplet", "optoutEMAIL", None),
        ("triplet", "optinSMS", None),
        ("reference", "import", Mode.SYNC),
        ("reference", "delete", None),
        ("none", "import", Mode.SYNC),
    ],
)
def test_a_file_that_removes_nobody_by_triplet_is_not_refused(
    dedup: Dedup, action: str, mode: Mode | None
) -> None:
    """Nothing is removed by the three means together."""
    refuse_untaken_means(HEADER, replace(ACCOUNT, dedup=dedup), ACTIONS[action], mode)


def test_a_file_whose_means_are_all_recognised_is_not_refused() -> None:
    """There is nothing to guard against."""
    refuse_untaken_means(
        replace(HEADER, untaken_means=()), replace(ACCOUNT, dedup="triplet"), ACTIONS["delete"], None
    )
