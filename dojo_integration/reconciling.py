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
        tips=found.tips_amount,
        refunded=found.refunded_amount,
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
    if found.paid_amount is None or not found.currency:
        raise Unusable("Dojo does not say how much this payment is.")
    return found.paid_amount


def _names(*names: str) -> tuple[str, ...]:
    usable = (name for name in names if name and len(name) <= LONGEST_NAME and "\x00" not in name)
    return tuple(dict.fromkeys(usable))
