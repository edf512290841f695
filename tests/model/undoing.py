"""Random histories of deposits over few people and lists, of which some are undone later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .model import Model
from .values import MODES, AccountRules

if TYPE_CHECKING:
    from random import Random

    from .accounts import Account

MARKERS = {mode: marker for marker, mode in MODES.items()}
LISTS = ("a", "b")
REFERENCES = "ABCDE"
EMAILS = ("p@example-mail.fr", "q@example-mail.fr", "r@example-mail.fr")


@dataclass(frozen=True)
class Upload:
    """A file; `mode` is that of an import."""

    action: str
    name: str
    content: str
    mode: int


@dataclass(frozen=True)
class CampaignOptOut:
    """An opt-out that the platform recorded."""

    address: str


Happening = Upload | CampaignOptOut


def happening(rng: Random, number: int) -> Happening:
    """One random event. An opt-in has a name of its own, or it would be refused as a repetition."""
    chance = rng.random()
    if chance < 0.08:
        return CampaignOptOut(rng.choice(EMAILS))
    if chance < 0.6:
        rows = [
            f"{reference};{rng.choice(('', *EMAILS))};{rng.choice(('', 'x', 'y', 'z'))};0612345678"
            for reference in rng.choices(REFERENCES, k=rng.randint(1, 4))
        ]
        content = "\n".join(("Référence;Email;Nom;Mobile", *rows, ""))
        return Upload("import", f"{rng.choice(LISTS)}.csv", content, rng.choice((1, 2, 2, 3)))
    if chance < 0.75:
        chosen = rng.choices(REFERENCES, k=rng.randint(1, 2))
        return Upload("delete", f"d{number}.csv", "\n".join(("Référence", *chosen, "")), 1)
    kind = rng.choice(("optout", "optin", "optin"))
    chosen = rng.choices(EMAILS, k=rng.randint(1, 2))
    return Upload(f"{kind}EMAIL", f"c{number}.csv", "\n".join(("Email", *chosen, "")), 1)


def replayed(rules: AccountRules, happenings: list[Happening], without: set[int]) -> Account:
    """The account after everything but the events of these numbers; an event's number is its time."""
    model = Model()
    owner = model.add_account(rules)
    for number, event in enumerate(happenings):
        if number in without:
            continue
        if isinstance(event, CampaignOptOut):
            model.campaign_opt_out(rules.name, "EMAIL", event.address, number)
        else:
            markers = {MARKERS[event.mode]} if event.mode in MARKERS else set()
            model.deposit(
                rules.name, event.action, event.name.encode(), event.content.encode(), markers, at=number
            )
    return owner
