"""Approval travels: asked for at the till, given by a supervisor on their own screen or by PIN here."""

from datetime import timedelta

from django.utils import timezone

from pos import audit
from pos.errors import Conflict, NotPermitted
from pos.events import ApprovalChanged, publish
from pos.models import Approval
from pos.models.people import PIN_BLOCK_MINUTES, PIN_TRIES, Membership
from pos.permissions import Act, Actor, Answer, answer_for, refuse
from pos.row_locks import approval_for_update, staff_for_update
from pos.service import service

# A supervisor who looks up after ten minutes should not wave through what nobody remembers asking.
ASKED_LIFETIME = timedelta(minutes=10)


@service
def ask_approval(*, actor: Actor, act: Act, subject: str, amount: int | None = None, summary: str = "") -> Approval:
    """Put an act before every supervisor's screen. Raises NotPermitted where no approval would help."""
    if answer_for(actor, act) is Answer.NO or actor.membership is None:
        raise refuse(actor, act)
    approval = Approval.objects.create(
        venue=actor.venue,
        act=act,
        subject=subject,
        amount=amount,
        summary=summary[:200],
        asked_by=actor.membership,
        asked_at=timezone.now(),
        till=actor.till,
    )
    publish(ApprovalChanged(venue_id=actor.venue.pk, approval_id=approval.pk))
    return approval


@service
def decide_approval(*, actor: Actor, approval_id: int, grant: bool) -> Approval:
    """A supervisor's yes or no, from their own screen. Raises NotFound, NotPermitted, Conflict when it is too late."""
    approval = approval_for_update(actor.venue, approval_id)
    return _decide(actor, approval, grant=grant)


@service
def approve_by_pin(*, actor: Actor, approval_id: int, approver_id: int, pin: str) -> Approval | None:
    """A supervisor types a PIN at the waiter's till; None is a wrong PIN, counted against that person only.

    Five wrong PINs stop that person's PIN for 15 minutes, never the till. Raises NotFound, NotPermitted, Conflict.
    """
    approver = _approver(actor, approver_id)
    approval = approval_for_update(actor.venue, approval_id)
    person = staff_for_update(approver.staff_id)
    now = timezone.now()
    if person.pin_blocked_until is not None and now < person.pin_blocked_until:
        raise NotPermitted(f"{person.name}'s PIN is stopped for a while after {PIN_TRIES} wrong tries.")
    if not person.has_pin(pin):
        person.pin_failures += 1
        if person.pin_failures >= PIN_TRIES:
            person.pin_failures = 0
            person.pin_blocked_until = now + timedelta(minutes=PIN_BLOCK_MINUTES)
        person.save(update_fields=["pin_failures", "pin_blocked_until"])
        audit.record(actor, "wrong_pin", f"staff_{person.pk}")
        # Returned, not raised: a rolled-back count would let a PIN be guessed for ever.
        return None
    person.pin_failures = 0
    person.pin_blocked_until = None
    person.save(update_fields=["pin_failures", "pin_blocked_until"])
    return _decide(Actor.staff(approver, actor.till), approval, grant=True)


def _approver(actor: Actor, membership_id: int) -> Membership:
    try:
        return Membership.objects.select_related("staff", "venue").get(
            pk=membership_id, venue=actor.venue, is_active=True
        )
    except Membership.DoesNotExist:
        raise NotPermitted("That person does not work here.") from None


def _decide(actor: Actor, approval: Approval, *, grant: bool) -> Approval:
    if answer_for(actor, Act(approval.act)) is not Answer.YES or actor.membership is None:
        raise refuse(actor, Act(approval.act))
    now = timezone.now()
    if approval.status != Approval.Status.ASKED or now > approval.asked_at + ASKED_LIFETIME:
        raise Conflict("This was already decided, or asked too long ago.")
    approval.status = Approval.Status.GRANTED if grant else Approval.Status.REFUSED
    approval.decided_by = actor.membership
    approval.decided_at = now
    approval.save(update_fields=["status", "decided_by", "decided_at"])
    audit.record(actor, "approve" if grant else "refuse", approval.subject, act=approval.act, amount=approval.amount)
    publish(ApprovalChanged(venue_id=actor.venue.pk, approval_id=approval.pk))
    return approval
