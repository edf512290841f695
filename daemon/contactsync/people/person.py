"""Who is meant: what an operator typed, in the form in which an account stores it."""

from __future__ import annotations

from dataclasses import dataclass

from contactsync.domain.account import Account
from contactsync.domain.errors import ConfigurationError
from contactsync.reading.occurrences import Identifiers, stored_email, stored_number, stored_reference


@dataclass(frozen=True, slots=True)
class Typed:
    """The values of the options; None for those that were not used."""

    email: str | None = None
    phone: str | None = None
    mobile: str | None = None
    reference: str | None = None

    def require_valid(self, region: str) -> None:
        """Raise ConfigurationError, one line per value that can be nobody's."""
        problems = []
        if not any((self.email, self.phone, self.mobile, self.reference)):
            problems.append("name the person: --email, --phone, --mobile or --reference")
        if self.email is not None and stored_email(self.email) is None:
            problems.append("--email: that is not an e-mail address")
        for option, number in (("--phone", self.phone), ("--mobile", self.mobile)):
            if number is not None and stored_number(number, region) is None:
                problems.append(
                    f"{option}: that is not a telephone number: write it with its country code, +33…"
                )
        if self.reference is not None and stored_reference(self.reference) is None:
            problems.append("--reference: it is blank")
        if problems:
            raise ConfigurationError("\n".join(problems))

    def identifiers(self, account: Account) -> Identifiers:
        """As the account stores them: a national number is one of the account's region."""
        numbers = (
            stored_number(each, account.region) for each in (self.phone, self.mobile) if each is not None
        )
        emails = (stored_email(each) for each in (self.email,) if each is not None)
        references = (stored_reference(each) for each in (self.reference,) if each is not None)
        return Identifiers(
            frozenset(each for each in emails if each),
            frozenset(each for each in numbers if each),
            frozenset(each for each in references if each),
        )
