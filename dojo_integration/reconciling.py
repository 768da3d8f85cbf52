"""What Dojo says of a payment intent, in the words of our books. Pure: no database, no network."""

from dojo_integration.dojo_api.results import PaymentIntent as Found
from orders.models import CaptureMode, IntentStatus
from orders.services.intents import IntentFacts

# Nothing of ours is called by a longer name.
LONGEST_NAME = 120


class Unusable(Exception):
    """Dojo's answer does not say what a payment's books need."""


def facts_of(found: Found) -> IntentFacts:
    """The facts by which a payment is recorded, corrected or taken back. Raises Unusable."""
    return IntentFacts(
        intent_id=found.id,
        status=_status(found),
        currency=found.currency,
        amount=_paid(found),
        tips=found.tips_amount or 0,
        refunded=found.refunded_amount or 0,
        capture_mode=CaptureMode(found.capture_mode) if found.capture_mode in CaptureMode else CaptureMode.UNKNOWN,
        # Dojo's older documents call its own order id external, the newer ones ours: either may stand in either place.
        order_names=_names(found.order_external_id, found.order_id),
        references=_names(found.reference),
    )


def _status(found: Found) -> IntentStatus:
    if not found.status or found.status not in IntentStatus:
        raise Unusable(f"Dojo calls this payment “{found.status[:40]}”, which is no status that we know.")
    return IntentStatus(found.status)


def _paid(found: Found) -> int:
    """What was paid of the bill: with its service charge, without a tip or what the guest got in cash."""
    if found.total_amount:
        return found.total_amount - (found.tips_amount or 0) - (found.cashback_amount or 0)
    if found.amount is None:
        raise Unusable("Dojo does not say how much this payment is.")
    return found.amount + (found.service_charge_amount or 0)


def _names(*names: str) -> tuple[str, ...]:
    usable = (name for name in names if name and len(name) <= LONGEST_NAME and "\x00" not in name)
    return tuple(dict.fromkeys(usable))
