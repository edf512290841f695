"""How the model refuses a whole file."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """The whole file goes to `ko`.

    `code` is the reason that result.json gives, as far as the protocol determines it. The text
    explains the refusal to a human who debugs.
    """

    def __init__(self, code: str, why: str = "") -> None:
        super().__init__(why or code)
        self.code = code
