"""What happened to a `.confirm` file that confirmed a deposit. Pure data."""

from __future__ import annotations

from contactsync.domain.messages.text import Sentences, Text, table

CONFIRMED: Sentences = table(
    confirmed=Text(
        "Vous avez confirmé le fichier « {claimed} » : il est de nouveau dans in/ et va être pris en compte.",
        'You have confirmed the file "{claimed}": it is back in in/ and is going to be applied.',
    ),
)
