"""Approval travels: asked for at the till, given by a supervisor on their own screen or by PIN here."""

from datetime import timedelta

from django.utils import timezone

from pos import audit
from pos.errors import Conflict, NotPermitted
from pos.events import ApprovalChanged, publish
from pos.models import Approval
from pos.models.people import Membership
from pos.permissions import Act, Actor, Answer, answer_for, refuse
from pos.pins import try_pin
from pos.row_locks import approval_for_update
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
def grant_approval(*, actor: Actor, approval_id: int) -> Approval:
    """A supervisor's yes, from their own screen. Raises NotFound, NotPermitted, Conflict when it is too late."""
    return _decide(actor, approval_for_update(actor.venue, approval_id), Approval.Status.GRANTED)


@service
def refuse_approval(*, actor: Actor, approval_id: int) -> Approval:
    """A supervisor's no, from their own screen. Raises NotFound, NotPermitted, Conflict when it is too late."""
    return _decide(actor, approval_for_update(actor.venue, approval_id), Approval.Status.REFUSED)


@service
def approve_by_pin(*, actor: Actor, approval_id: int, approver_id: int, pin: str) -> Approval | None:
    """A supervisor types a PIN at the waiter's till; None is a wrong PIN, counted against that person only.

    Five wrong PINs stop that person's PIN for 15 minutes (pos.pins). Raises NotFound, NotPermitted, Conflict.
    """
    approver = _approver(actor, approver_id)
    approval = approval_for_update(actor.venue, approval_id)
    if not try_pin(actor, approver, pin):
        return None
    return _decide(Actor.staff(approver, actor.till), approval, Approval.Status.GRANTED)


def _approver(actor: Actor, membership_id: int) -> Membership:
    try:
        return Membership.objects.select_related("staff", "venue").get(
            pk=membership_id, venue=actor.venue, is_active=True
        )
    except Membership.DoesNotExist:
        raise NotPermitted("That person does not work here.") from None


def _decide(actor: Actor, approval: Approval, decision: Approval.Status) -> Approval:
    if answer_for(actor, Act(approval.act)) is not Answer.YES or actor.membership is None:
        raise refuse(actor, Act(approval.act))
    now = timezone.now()
    if approval.status != Approval.Status.ASKED or now > approval.asked_at + ASKED_LIFETIME:
        raise Conflict("This was already decided, or asked too long ago.")
    approval.status = decision
    approval.decided_by = actor.membership
    approval.decided_at = now
    approval.save(update_fields=["status", "decided_by", "decided_at"])
    audit.record(
        actor,
        f"approval_{decision}",
        approval.subject,
        asked_act=approval.act,
        amount=approval.amount,
        asked_by=approval.asked_by_id,
    )
    publish(ApprovalChanged(venue_id=actor.venue.pk, approval_id=approval.pk))
    return approval
