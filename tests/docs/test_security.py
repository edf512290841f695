"""SECURITY.md names a test for each attack, and the test exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
TEST = re.compile(r"`(tests/[a-z_0-9/]+\.py)::(test_[a-z_0-9]+)`")
ATTACKS = [
    line.strip("| ").split(" | ")
    for line in TEXT.partition("## Attacks and their tests")[2].splitlines()
    if line.startswith("| ") and not line.startswith("| attack ")
]

# Written together with this page, on other branches. Remove each once it is merged, then this constant.
PENDING = frozenset(
    {
        "tests/acceptance/permissions/test_planted.py::test_check_examines_the_parents_as_written",
        "tests/acceptance/permissions/test_planted.py::test_no_folder_of_somebody_else_is_handed_over",
        "tests/acceptance/permissions/test_planted.py::test_no_link_is_followed",
        "tests/acceptance/permissions/test_replaced_home.py::test_a_replaced_home_is_left_alone",
        "tests/acceptance/permissions/test_unopened.py::test_a_special_file",
        "tests/acceptance/test_bounded.py::test_the_rejected_file_of_a_small_upload_is_small",
        "tests/acceptance/test_fairness.py::test_a_single_worker_gives_way_between_two_batches",
        "tests/acceptance/test_fairness.py::test_one_worker_is_free_of_long_deposits",
        "tests/docs/test_service_unit.py::test_the_capability_reads_no_secret_of_others",
        "tests/docs/test_service_unit.py::test_what_it_uses_of_the_host_is_limited",
        "tests/faults/test_full_disk.py::test_nothing_is_claimed_on_a_disk_that_is_nearly_full",
        "tests/integration/database/embedded/test_users.py::test_not_even_its_superuser_writes_or_reads_files_of_root",
        "tests/integration/database/embedded/test_users.py::test_root_runs_it_as_another_user",
        "tests/integration/database/embedded/test_users.py::test_the_daemons_connection_is_no_superuser",
        "tests/integration/database/test_roles.py::test_the_daemon_can_do_only_what_it_needs",
        "tests/integration/database/test_roles.py::test_the_functions_use_no_object_of_their_caller",
        "tests/integration/database/test_roles.py::test_the_sender_can_do_nothing_else",
        "tests/integration/processing/test_bounds.py::test_a_file_that_costs_too_much_is_refused",
        "tests/integration/processing/test_bounds.py::test_a_merge_that_times_out_three_times_is_refused",
        "tests/integration/reports/test_writer.py::test_formulas_are_defused_unless_the_setting_is_off",
        "tests/unit/domain/headers/test_known.py::test_a_header_that_looks_like_personal_data_is_not_shown",
        "tests/unit/domain/test_formulas.py::test_the_value_stays_the_same_and_is_no_formula",
        "tests/unit/domain/test_terminal.py::test_nothing_that_acts_is_left",
        "tests/unit/processing/test_result_json.py::test_nothing_in_a_result_acts_on_a_terminal",
        "tests/unit/reading/test_zip_damage.py::test_any_other_compression",
        "tests/unit/reading/test_zip_end.py::test_a_directory_over_the_limit_is_not_read",
        "tests/unit/reading/test_zip_memory.py::test_a_hostile_zip_takes_little_memory",
        "tests/unit/reading/values/test_domains.py::test_the_bound_holds",
        "tests/unit/runtime/test_file_locks.py::test_a_real_holder_is_found",
        "tests/unit/settings/test_load.py::test_no_message_quotes_a_secret",
        "tests/unit/spool/test_home_pins.py::test_a_link_is_never_followed",
    }
)


@cache
def functions(path: Path) -> set[str]:
    """The tests of a module; empty if there is no such module."""
    if not path.exists():
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", ATTACKS, ids=lambda row: row[0])
def test_each_attack_has_a_defence_and_a_test(row: list[str]) -> None:
    """A promise without a test is none."""
    _attack, defence, tests = row
    assert defence
    assert TEST.sub("", tests).strip(", ") == ""


@pytest.mark.parametrize(("path", "name"), sorted(set(TEST.findall(TEXT))))
def test_the_named_test_exists(path: str, name: str) -> None:
    """Whoever renames a test renames it here."""
    assert name in functions(ROOT / path) or f"{path}::{name}" in PENDING
