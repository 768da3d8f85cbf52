"""Who works in a venue: steps inside a change of the back office, never a transaction of their own.

A person has one login, PIN and password, wherever they work. So a manager hires anybody by login, and changes what is
the person's own only where they look after every venue that the person works in.
"""

from django.core.exceptions import ValidationError

from pos.errors import Conflict
from pos.models import Membership, Role, Staff, Venue
from pos.permissions import Actor


def find_person(login: str) -> Staff | None:
    return Staff.objects.filter(login=tidy_login(login)).first()


def tidy_login(login: str) -> str:
    return login.strip().lower()


def may_edit_person(actor: Actor, person: Staff) -> bool:
    """Whether name, login, PIN and password are this manager's to change: never those of another venue's people."""
    if actor.membership is None or actor.membership.staff.is_superuser or actor.membership.staff_id == person.pk:
        return True
    if person.is_superuser:
        return False
    mine = Membership.objects.filter(staff=actor.membership.staff_id, role=Role.MANAGER, is_active=True)
    elsewhere = person.memberships.exclude(venue__in=mine.values("venue"))
    return not elsewhere.exists()


def employ(*, login: str, name: str, pin: str, password: str) -> Staff:
    """Write a new person down; without a password they sign in by PIN only. Raises IntegrityError in a race."""
    person = Staff(login=tidy_login(login), name=name)
    if pin:
        person.set_pin(pin)
    if password:
        person.set_password(password)
    else:
        person.set_unusable_password()
    person.save(force_insert=True)
    return person


def change_person(person: Staff, *, login: str, name: str, pin: str, password: str) -> None:
    """Write what is the person's own; an empty PIN or password keeps the one before."""
    person.login, person.name = tidy_login(login), name
    if pin:
        person.set_pin(pin)
        # Whoever gave them a new one knows that they may come in.
        person.pin_failures, person.pin_blocked_until = 0, None
    if password:
        person.set_password(password)
    columns = ["login", "name", "pin_hash", "pin_failures", "pin_blocked_until", "password"]
    person.save(update_fields=columns)


def follow_roles(person: Staff) -> None:
    """Keep Django's own mark of who may open the admin in step with who manages a venue."""
    is_staff = person.is_superuser or person.memberships.filter(role=Role.MANAGER, is_active=True).exists()
    if is_staff != person.is_staff:
        person.is_staff = is_staff
        person.save(update_fields=["is_staff"])


def check_pin(pin: str) -> str:
    """Raises ValidationError."""
    if pin and not (pin.isascii() and pin.isdigit() and 4 <= len(pin) <= 8):
        raise ValidationError("A PIN is 4 to 8 digits.", code="pin")
    return pin


def refuse_without_manager(venue: Venue) -> None:
    """A venue that nobody can look after any more could never be helped from inside. Raises Conflict."""
    managers = Membership.objects.filter(venue=venue, role=Role.MANAGER, is_active=True, staff__is_active=True)
    if not managers.exists():
        raise Conflict(f"That is the last manager of {venue.name}. Make somebody else a manager first.")
