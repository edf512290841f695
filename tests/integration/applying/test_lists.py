"""Which list an import fills, by mode, marker and file name."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from contactsync.applying.merge import Merge
from contactsync.applying.staging import Stage
from contactsync.domain.deposit import ACTIONS, Claimed, Mode
from tests.integration.applying.samples import A, B, C, counts
from tests.integration.conftest import Site


def test_mode_1_makes_a_new_list_each_time(site: Site) -> None:
    """Mode 1 creates a list even if one has the name."""
    site.set(dedup="reference")
    site.apply(f"Référence;Email\nR;{A}\n")
    row = site.apply(f"Référence;Email\nS;{B}\n")
    assert site.members("list") == [[A], [B]]
    assert (row["mode"], site.result(row)["list"], site.result(row)["mode"]) == (1, "list", 1)
    assert row["list_id"] == site.rows("SELECT max(list_id) FROM contactsync.contact_list")[0][0]


def test_mode_2_adds_to_the_newest_list_of_the_name(site: Site) -> None:
    """Mode 2 adds to the newest list of the name, or creates it."""
    site.set(dedup="reference")
    site.marker(".addToExistingList")
    site.apply(f"Référence;Email\nR;{A}\n")
    site.marker(None)
    site.apply(f"Référence;Email\nS;{B}\n")
    site.marker(".addToExistingList")
    row = site.apply(f"Référence;Email\nT;{C}\nS;{B}\n")
    assert site.members("list") == [[A], [B, C]]
    assert counts(row) == (2, 2, 0, 1, 0, 1, 0)


def test_mode_3_leaves_exactly_the_files_contacts(site: Site) -> None:
    """A contact that leaves the list stays in the account and counts as removed."""
    site.set(dedup="reference")
    site.apply(f"Référence;Email\nR;{A}\nS;{B}\n")
    site.marker(".syncExistingList")
    row = site.apply(f"Référence;Email\nS;{B}\nT;{C}\n")
    assert site.members("list") == [[B, C]]
    assert counts(row) == (2, 2, 0, 1, 0, 1, 1)
    assert len(site.contacts("email")) == 3


def test_mode_3_makes_a_missing_list(site: Site) -> None:
    """Mode 3 creates a missing list and removes no contact."""
    site.marker(".syncExistingList")
    row = site.apply(f"Email\n{A}\n", name="new.csv")
    assert (site.members("new"), row["removed"]) == ([[A]], 0)


@pytest.mark.parametrize("syntax_errors", ["refuse", "skip"])
def test_mode_3_spares_references_of_rejected_rows(site: Site, syntax_errors: str) -> None:
    """A member whose row was rejected, or is ragged and skipped, stays."""
    site.set(dedup="reference", syntax_errors=syntax_errors)
    site.apply(f"Référence;Email;Nom\nR;{A};x\nS;{B};x\nT;{C};x\n")
    site.marker(".syncExistingList")
    ragged = "T;too few\n" if syntax_errors == "skip" else ""
    row = site.apply(f"Référence;Email;Nom\nS;{B};x\nR;nonsense;x\n{ragged}")
    assert site.members("list") == [[A, B, C] if ragged else [A, B]]
    assert row["removed"] == (0 if ragged else 1)


def test_mode_3_spares_nobody_under_another_criterion(site: Site) -> None:
    """Under `triplet`, a rejected row spares no contact."""
    site.set(dedup="triplet")
    site.apply(f"Référence;Email\nR;{A}\nS;{B}\n")
    site.marker(".syncExistingList")
    site.apply(f"Référence;Email\nS;{B}\nR;nonsense\n")
    assert site.members("list") == [[B]]


def test_several_markers_are_mode_1_with_a_warning(site: Site) -> None:
    """Several markers mean mode 1, and the result has a warning."""
    for name in (".addToExistingList", ".syncExistingList"):
        (site.folder() / name).touch()
    row = site.apply(f"Email\n{A}\n")
    assert row["mode"] == 1
    assert [w["code"] for w in site.result(row)["warnings"]] == ["several_markers"]


def test_a_corrected_rejected_file_completes_the_originals_list(site: Site) -> None:
    """A rejected file is added to the newest list of the original's name, also under another marker."""
    site.set(dedup="reference")
    row = site.apply(f"Reference;Email\nR;{A}\nS;nonsense\n", name="my list.csv")
    assert counts(row)[:3] == (2, 1, 1)
    site.marker(".syncExistingList")
    rejected = site.folder(box="ok") / f"{row['claimed_name']}.rejected.csv"
    back = site.apply(rejected.read_bytes().replace(b"nonsense", B.encode()), name=rejected.name)
    assert (back["mode"], back["state"], site.result(back)["list"]) == (2, "ok", "my list")
    assert site.result(back)["warnings"] == []
    assert site.members("my list") == [[A, B]]


def test_a_rejected_file_of_a_long_name_finds_its_list(site: Site) -> None:
    """The list is found by the original name in the ledger, although the claimed name was shortened."""
    site.set(dedup="reference")
    name = "é" * 110 + "x" * 20 + ".csv"
    row = site.apply(f"Référence;Email\nR;{A}\nS;nonsense\n", name=name)
    assert row["name"] == name
    rejected = site.folder(box="ok") / f"{row['claimed_name']}.rejected.csv"
    site.apply(rejected.read_bytes().replace(b"nonsense", B.encode()), name=rejected.name)
    assert site.members(name.removesuffix(".csv")) == [[A, B]]


def test_a_merge_that_keeps_members_removes_nobody(site: Site) -> None:
    """A Référence that cannot be read may be that of any member: in mode 3 the contacts of the file are only added."""
    site.set(dedup="reference")
    row = site.apply(f"Référence;Email\nR;{A}\nS;{B}\n")
    claimed = Claimed(
        ACTIONS["import"], b"list.csv", b"1447797847_list.csv", datetime.now(UTC), 1, "00", None, Mode.SYNC
    )
    columns = {
        "identity": pa.array(["T"]),
        "kept": pa.array([0], pa.int16()),
        "email": pa.array([C]),
        "reference": pa.array(["T"]),
    }
    with site.pipeline.session() as conn, conn.transaction():
        stage = Stage(conn, claimed.action)
        stage.add(columns, np.array([2], np.int32))
        merge = Merge(
            conn,
            site.account,
            claimed,
            row["deposit_id"],
            ("email", "reference"),
            datetime.now(UTC),
            keep_members=True,
        )
        effects = merge.apply(stage)
    assert (effects.inserted, effects.removed) == (1, 0)
    assert site.members("list") == [[A, B, C]]


def test_mode_3_removes_nobody_if_a_reference_cannot_be_read(site: Site) -> None:
    """Any member may be the contact of such a row. The warning counts these rows and lists their lines."""
    site.set(dedup="reference")
    site.apply(f"Référence;Email\nR;{A}\nS;{B}\n")
    site.marker(".syncExistingList")
    row = site.apply(f"Référence;Email\nT;{C}\n1,23457E+15;{A}\n#N/A;{A}\n")
    assert counts(row) == (3, 1, 2, 1, 0, 0, 0)
    assert site.members("list") == [[A, B, C]]
    (warning,) = (each for each in site.result(row)["warnings"] if each["code"] == "nobody_removed")
    assert (warning["count"], warning["lines"]) == (2, [3, 4])
