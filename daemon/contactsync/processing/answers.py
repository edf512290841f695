"""The files that answer a deposit: result.json, and result.html where its account's uploader needs one (protocol 7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contactsync.domain.account import Account
from contactsync.pages import html
from contactsync.pages.answer import answer
from contactsync.pages.verdict import context_of, is_needed
from contactsync.processing import result_json
from contactsync.processing.apply import Rules
from contactsync.spool.settled import Answers


def answers(account: Account, result: Mapping[str, Any], rules: Rules) -> Answers:
    """What is written beside a settled deposit; `result` is the content of its result.json, as the ledger has it."""
    if not rules.result_files:
        return Answers()
    return Answers(
        result_json.as_json(result), page(account, result) if _has_page(account, result, rules) else None
    )


def page(account: Account, result: Mapping[str, Any]) -> bytes:
    """The bytes of result.html."""
    return html.page("answer.html", answer=answer(result, account))


def _has_page(account: Account, result: Mapping[str, Any], rules: Rules) -> bool:
    if rules.result_pages != "needed":
        return rules.result_pages == "always"
    return is_needed(result, context_of(result, account))
