"""Who works at the demo venue. Invented first names; the logins are printed for everybody to see."""

from typing import NamedTuple

from pos.models import Role


class Person(NamedTuple):
    login: str
    name: str
    role: Role
    waiter_id: str
    pin: str


# One password for all: this is a demo, and a newcomer wants to try each of them.
PASSWORD = "copper-kettle"

PEOPLE = (
    Person("maya", "Maya", Role.MANAGER, "1", "1111"),
    Person("oliver", "Oliver", Role.SUPERVISOR, "2", "2222"),
    Person("priya", "Priya", Role.SUPERVISOR, "3", "3333"),
    Person("ana", "Ana", Role.WAITER, "4", "4444"),
    Person("tom", "Tom", Role.WAITER, "5", "5555"),
    Person("leila", "Leila", Role.WAITER, "6", "6666"),
    Person("jack", "Jack", Role.WAITER, "7", "7777"),
    Person("sofia", "Sofia", Role.WAITER, "8", "8888"),
)

TILLS = ("Main till", "Bar till", "Handheld 1")
