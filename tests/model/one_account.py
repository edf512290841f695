"""A model with one account `a`, for tests of single files."""

from __future__ import annotations

from tests.model.accounts import Account
from tests.model.expected import Expected
from tests.model.model import Model
from tests.model.values import AccountRules


def one_account(**settings: object) -> tuple[Model, Account]:
    """The model and its account with these settings."""
    model = Model()
    return model, model.add_account(AccountRules("a", **settings))  # type: ignore[arg-type]  # settings are of several types


def deposit_in(
    model: Model, text: str | bytes, *markers: str, action: str = "import", **more: object
) -> Expected:
    """The outcome of one file; `name`, `at` and `claimed_name` may be given."""
    content = text.encode() if isinstance(text, str) else text
    name = more.pop("name", "x.csv")
    assert isinstance(name, str)
    return model.deposit("a", action, name.encode(), content, set(markers), **more)  # type: ignore[arg-type]  # at or claimed_name


def column_of(account: Account, column: str) -> list[object]:
    """The column of the account's contacts, in order of creation."""
    return [contact[column] for contact in account.contacts.values()]
