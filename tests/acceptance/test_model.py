"""Random deposits through the real daemon: every outcome must match the model, row by row.

`CONTACTSYNC_MODEL_DEPOSITS` sets how many (150), `CONTACTSYNC_MODEL_SEED` which ones, and
`CONTACTSYNC_MODEL_CORNERS=1` adds files on which the protocol can be read in two ways (see
`tests/model/readings.md`).
"""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.model.compare import differences
from tests.model.drive import Program
from tests.model.generate import ACCOUNTS, deposits
from tests.model.model import Model
from tests.model.people import EMAILS, NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.model.drive import Settled
    from tests.model.generate import Step

DEPOSITS = int(os.environ.get("CONTACTSYNC_MODEL_DEPOSITS", "150"))
SEED = int(os.environ.get("CONTACTSYNC_MODEL_SEED", "1"))
CORNERS = os.environ.get("CONTACTSYNC_MODEL_CORNERS", "") not in ("", "0")


@pytest.fixture
def program(tmp_path: Path, database_url: str) -> Iterator[Program]:
    with Program(tmp_path, database_url) as running:
        yield running


def test_every_deposit_comes_to_what_the_model_says(program: Program, database_url: str) -> None:
    """Ledger, contacts, lists, opt-outs, consent and result files are the model's after each deposit."""
    model = Model()
    steps = enumerate(islice(deposits(SEED, corners=CORNERS), DEPOSITS))
    with psycopg.connect(database_url, autocommit=True) as connection:
        while together := list(islice(steps, ACCOUNTS)):
            fresh = [step.account for _, step in together if step.account.name not in model.accounts]
            program.add_accounts(fresh)
            for rules in fresh:
                model.add_account(rules)
            for _, step in together:
                program.mark(step)
            settled = program.deposit([step for _, step in together])
            problems = []
            for (number, step), answer in zip(together, settled, strict=True):
                if wrong := _judge(connection, model, step, answer):
                    problems.append(_story(number, step, wrong))
            if problems:
                pytest.fail("\n\n".join([*problems, program.log_tail()]), pytrace=False)
    program.stop()
    assert not (lost := program.overwritten()), f"deposits overwritten or gone: {lost}"
    log = program.log()
    leaked = [secret for secret in (*EMAILS, *NUMBERS) if secret.lower() in log.lower()]
    assert not leaked, f"the log names contacts: {leaked}"


def _judge(connection: psycopg.Connection, model: Model, step: Step, answer: Settled | None) -> list[str]:
    name = step.account.name
    expected = model.deposit(name, step.action, step.name, step.content, set(step.markers))
    if answer is None:
        return [f"not settled in time; the model says {expected}"]
    return differences(connection, model.accounts[name], step, expected, answer)


def _story(number: int, step: Step, wrong: list[str]) -> str:
    shown = repr(step.content)
    lines = [
        f"seed {SEED}, deposit {number} ({step.story}): {step.action} {step.name!r}",
        f"  account {step.account}",
        f"  markers {sorted(step.markers)}{' through import/in' if step.marker_in_in else ''}",
        f"  content {shown if len(shown) < 6000 else shown[:3000] + ' [...] ' + shown[-3000:]}",
    ]
    return "\n".join(lines + [f"  - {line}" for line in wrong])
