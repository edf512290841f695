"""The model judged on files that real programs wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cases.expectations import Case, Export, csv_cases, exports
from tests.model.model import Model
from tests.model.values import AccountRules

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("case", list(csv_cases()), ids=lambda case: case.id)
def test_a_file_of_a_spreadsheet_crm_or_zip_tool(case: Case, tmp_path: Path) -> None:
    """State, counts, stored values and warnings are those that EXPECT.tsv and its details give."""
    model = Model()
    account = model.add_account(case.rules)
    if case.before:
        content = case.before.content(tmp_path)
        assert not model.deposit(case.id, "import", case.before.name.encode(), content, set()).refused
    markers = {case.marker} if case.marker else set()
    content = case.upload.content(tmp_path)
    outcome = model.deposit(case.id, case.action, case.upload.name.encode(), content, markers)
    detail = case.detail
    assert (outcome.state, outcome.reason) == (case.state, detail.reason or outcome.reason), outcome.why
    if not outcome.refused:
        assert (outcome.rows_applied, outcome.rows_rejected) == (case.rows_applied, case.rows_rejected)
    assert {count: getattr(outcome, count) for count in detail.effects} == detail.effects
    for column, values in detail.stored.items():
        stored = [contact[column] for contact in account.contacts.values()]
        expected = list(values)
        assert [None if value is None else str(value) for value in stored] == expected
    if detail.opt_outs is not None:
        assert set(account.opt_outs) == detail.opt_outs
    if detail.list_name:
        assert (outcome.list_name, outcome.mode) == (detail.list_name, detail.mode)
    assert {code: tuple(outcome.warnings.get(code, ())) for code in detail.warnings} == detail.warnings


@pytest.mark.parametrize("export", list(exports()), ids=lambda export: export.id)
def test_an_export_imports_without_editing(export: Export) -> None:
    """An account that only sets `separator = auto` receives every person with every means of contact."""
    model = Model()
    account = model.add_account(AccountRules(export.id, dedup="none", separator="auto"))
    outcome = model.deposit(export.id, "import", export.path.name.encode(), export.path.read_bytes(), set())
    assert outcome.state == "ok", outcome.why
    found = [
        (c["email"], frozenset(str(c[means]) for means in ("phone", "mobile") if c[means]))
        for c in account.contacts.values()
    ]
    assert found == export.people()
    assert len(found) == outcome.rows_applied
