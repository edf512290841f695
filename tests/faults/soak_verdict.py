"""What the soak finds out: every deposit against the model, and whether the daemon grew."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg

from tests.faults.scene import Run
from tests.faults.soak_client import Client
from tests.model import compare, generate
from tests.model.model import Model

if TYPE_CHECKING:
    from collections.abc import Iterator


CLIENTS = generate.ACCOUNTS
MAX_GROWTH = {"rss_mb": 24.0, "descriptors": 8.0, "threads": 1.0}
"""What an idle daemon may have more at the end of the calm part than in its first quarter: each worker's link is one."""


@dataclass
class Outcome:
    """What came of it; `wrong` is empty where all is well."""

    seconds: float
    crashes: int = 0
    kills: int = 0
    files_in: int = 0
    files_out: int = 0
    refused: int = 0
    rows: int = 0
    growth: dict[str, float] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        yield f"{self.seconds:.0f} s, {CLIENTS} clients, {self.crashes} database crashes, {self.kills} daemon kills"
        yield f"files in {self.files_in}, files out {self.files_out} ({self.refused} refused), rows read {self.rows}"
        for what, by in self.growth.items():
            yield f"{what}: {self.first[what]:.1f}, grown by {by:.1f} (at most {MAX_GROWTH[what]:.0f})"
        yield f"wrong: {len(self.wrong)}"
        yield from (f"  {each}" for each in self.wrong)


def judge(run: Run, clients: list[Client], outcome: Outcome) -> None:
    """Everything against the model, account by account, deposit by deposit."""
    model = Model()
    with psycopg.connect(run.database_url, autocommit=True) as connection:
        for client in clients:
            outcome.files_in += len(client.done)
            if not client.done:
                outcome.wrong.append("a client had nothing done")
                continue
            rules = client.done[0][0].account
            account = model.add_account(rules)
            rows = connection.execute(
                "SELECT state, name_bytes, attempts, "
                + ", ".join(compare.COUNTS)
                + " FROM contactsync.deposit"
                " WHERE account_id = (SELECT account_id FROM contactsync.account WHERE name = %s) ORDER BY deposit_id",
                [rules.name],
            ).fetchall()
            wrong = compare._unequal("deposits in the ledger", len(rows), len(client.done))
            for (step, answer), (state, name, _, *counts) in zip(client.done, rows, strict=False):
                expected = model.deposit(rules.name, step.action, step.name, step.content, set(step.markers))
                outcome.rows += counts[0] or 0
                outcome.refused += state == "ko"
                wrong += compare._unequal("order", bytes(name), step.name)
                wrong += compare._unequal("state", (state, answer.state), (expected.state,) * 2)
                if not expected.refused:
                    counted = [getattr(expected, count) for count in compare.COUNTS]
                    wrong += compare._unequal(f"counts of {step.story}", counts, counted)
                wrong += compare._results(step, expected, answer)
                wrong += compare._unequal("bytes", answer.path.read_bytes() == step.content, True)
            wrong += compare._database(connection, account)
            outcome.wrong += [f"{rules.name}: {each}" for each in wrong]
    places = {answer.path for client in clients for _, answer in client.done}
    outcome.files_out = len(places)
    if outcome.files_in != outcome.files_out:
        outcome.wrong.append("two deposits came to one name")
    for client in clients:
        name = client.done[0][0].account.name if client.done else ""
        left = [path for box in ("in", "on") for path in run.ftp.glob(f"{name}/contacts/*/{box}/*")]
        outcome.wrong += [f"left over: {path}" for path in left]
