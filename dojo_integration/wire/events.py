"""What Dojo tells of its own accord: the params of HandleEvent."""

from typing import Any

from dojo_integration.models import EventName
from dojo_integration.services.inbox import NewEvent
from dojo_integration.wire.fields import Identifier, Moment, OneOf, RequestSerializer
from orders.models import CaptureMode, IntentStatus

# An event says which; that we know nothing is for us alone to say.
_STATUSES = [status for status in IntentStatus.values if status]
_MODES = [mode for mode in CaptureMode.values if mode]

# How Dojo came, not what it said.
_HEADERS = "headers"


class PaymentIntentEventIn(RequestSerializer):
    paymentIntentId = Identifier(source="payment_intent_id", help_text="The payment intent that it is about.")
    paymentStatus = OneOf(source="payment_status", choices=_STATUSES, help_text="How it stood then.")
    captureMode = OneOf(source="capture_mode", choices=_MODES, help_text="Whether it is captured by itself.")


class HandleEventIn(RequestSerializer):
    id = Identifier(help_text="Counts once, however often it is sent.")
    accountId = Identifier(source="account_id", help_text="Dojo's account of the venue.")
    event = OneOf(choices=EventName.values, help_text="What happened.")
    # A declared field is no attribute of the class: what a serializer itself calls data is still there.
    data = PaymentIntentEventIn(help_text="To which payment intent.")  # type: ignore[assignment]
    createdAt = Moment(source="created_at", help_text="When it happened.")

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        valid = super().to_internal_value(data)
        # Whatever else it says is kept as it came: tomorrow's fields may matter to whoever reads it then.
        return {**valid, "body": {name: value for name, value in data.items() if name != _HEADERS}}

    def arguments(self, valid: dict[str, Any]) -> dict[str, Any]:
        return {
            "event": NewEvent(
                event_id=valid["id"],
                name=EventName(valid["event"]),
                account_id=valid["account_id"],
                created_at=valid["created_at"],
                body=valid["body"],
                **valid["data"],
            )
        }
