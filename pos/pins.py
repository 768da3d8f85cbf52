"""PINs: one way to check them, for switching users and for approving, counted per person and never per till."""

from datetime import timedelta

from django.utils import timezone

from pos import audit
from pos.errors import NotPermitted
from pos.models import Membership
from pos.models.people import PIN_BLOCK_MINUTES, PIN_TRIES
from pos.permissions import Actor
from pos.row_locks import staff_for_update


def try_pin(actor: Actor, person: Membership, pin: str) -> bool:
    """Check a PIN and count it when it is wrong; five wrong ones stop it for 15 minutes. Raises NotPermitted.

    Runs inside a service, which returns on False instead of raising: a rolled-back count would let a PIN be guessed
    for ever.
    """
    staff = staff_for_update(person.staff_id)
    now = timezone.now()
    if staff.pin_blocked_until is not None and now < staff.pin_blocked_until:
        raise NotPermitted(f"{staff.name}'s PIN is stopped for a while after {PIN_TRIES} wrong tries.")
    is_right = staff.has_pin(pin)
    before = (staff.pin_failures, staff.pin_blocked_until)
    staff.pin_failures = 0 if is_right else staff.pin_failures + 1
    staff.pin_blocked_until = None
    if staff.pin_failures >= PIN_TRIES:
        staff.pin_failures = 0
        staff.pin_blocked_until = now + timedelta(minutes=PIN_BLOCK_MINUTES)
    if (staff.pin_failures, staff.pin_blocked_until) != before:
        staff.save(update_fields=["pin_failures", "pin_blocked_until"])
    if not is_right:
        audit.record(actor, "wrong_pin", f"staff_{staff.pk}")
    return is_right
