"""How a check answers: a sentence when it is fit, `Sick` with the mend when it is not."""

from dataclasses import dataclass


class Sick(Exception):
    """What a check found wrong, and what to do about it."""

    def __init__(self, text: str, mend: str) -> None:
        super().__init__(text)
        self.text = text
        self.mend = mend


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `mend` is empty when the check is fit."""

    check: str
    title: str
    fit: bool
    text: str
    mend: str = ""
