"""The first page of the back office: what a new venue still needs, and how it stands today."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do on the way from nothing to the first order."""

    position: int
    title: str
    words: str
    is_done: bool
    link: str
    count: int | None = None
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of today, with the page behind it."""

    position: int
    label: str
    value: str
    link: str
    is_urgent: bool = False
