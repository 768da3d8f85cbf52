"""Writing the audit trail; always inside the transaction of the act itself."""

from typing import Any

from django.utils import timezone

from pos.models import Approval, AuditEntry
from pos.permissions import Actor


def record(actor: Actor, act: str, subject: str, *, approval: Approval | None = None, **detail: Any) -> AuditEntry:
    """Note who did what to which thing, with the approver's name beside theirs."""
    if actor.requester.waiter_id or actor.requester.device_id:
        detail["requester"] = {"waiter_id": actor.requester.waiter_id, "device_id": actor.requester.device_id}
    return AuditEntry.objects.create(
        venue=actor.venue,
        at=timezone.now(),
        act=act,
        actor_kind=actor.kind,
        membership=actor.membership,
        approved_by_id=approval.decided_by_id if approval else None,
        till=actor.till,
        subject=subject,
        detail=detail,
    )
