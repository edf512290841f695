"""Random histories of consent: files, reactions, replays, retries and deletions, each at a second of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

MEDIA = ("EMAIL", "SMS")
PEOPLE = ("A", "B")
ADDRESSES = {
    "EMAIL": ("a@example-mail.fr", "b@example-mail.fr", "c@example-mail.fr"),
    "SMS": ("+33612345678", "+33698765432", "+33655555555"),
}


@dataclass(frozen=True)
class File:
    """A deposit of date `at`; `refused` if it is refused, and `retry_of` the number of the event that it retries."""

    action: str
    content: str
    at: int
    refused: bool = False
    retry_of: int | None = None


@dataclass(frozen=True)
class React:
    """A reaction of a person's newest contact at the moment of recording."""

    person: str
    campaign: int
    medium: str
    kind: str
    at: int
    address: str | None


@dataclass(frozen=True)
class Replay:
    """An event number whose reaction is recorded again."""

    of: int


Event = File | React | Replay


def history(rng: Random, length: int) -> list[Event]:
    """So many events in the order of their dates. A retry has the date of the original, in the place of its own."""
    events: list[Event] = []
    for at in range(1, length + 1):
        events.append(_event(rng, events, at))
    return events


def shuffled(rng: Random, events: list[Event]) -> list[int]:
    """The numbers of the events in a random order; a retry stays behind its original."""
    order = list(range(len(events)))
    rng.shuffle(order)
    placed: list[int] = []

    def place(number: int) -> None:
        event = events[number]
        if isinstance(event, File) and event.retry_of is not None and event.retry_of not in placed:
            place(event.retry_of)
        if number not in placed:
            placed.append(number)

    for number in order:
        place(number)
    return placed


def _event(rng: Random, events: list[Event], at: int) -> Event:
    chance = rng.random()
    medium = rng.choice(MEDIA)
    if chance < 0.15:
        email, mobile = (rng.choice(ADDRESSES[each]) for each in MEDIA)
        return File("import", f"Référence;Email;Mobile\n{rng.choice(PEOPLE)};{email};{mobile}\n", at)
    if chance < 0.45:
        column = "Email" if medium == "EMAIL" else "Mobile"
        kind = rng.choice(("optout", "optin", "optin"))
        content = f"{column}\n{rng.choice(ADDRESSES[medium])}\n"
        return File(f"{kind}{medium}", content, at, refused=rng.random() < 0.3)
    if chance < 0.55:
        return File("delete", f"Référence\n{rng.choice(PEOPLE)}\n", at)
    if chance < 0.65 and (refused := _to_retry(events)):
        number = rng.choice(refused)
        original = events[number]
        assert isinstance(original, File)
        return File(original.action, original.content, original.at, rng.random() < 0.2, number)
    reactions = [number for number, event in enumerate(events) if isinstance(event, React)]
    if chance < 0.75 and reactions:
        return Replay(rng.choice(reactions))
    address = rng.choice(ADDRESSES[medium]) if rng.random() < 0.3 else None
    kind = rng.choice(("optout", "optout", "opened", "clicked"))
    return React(rng.choice(PEOPLE), rng.choice((1, 2)), medium, kind, at, address)


def _to_retry(events: list[Event]) -> list[int]:
    """The refused files that nobody has retried."""
    retried = {event.retry_of for event in events if isinstance(event, File)}
    return [
        number
        for number, event in enumerate(events)
        if isinstance(event, File) and event.refused and number not in retried
    ]
