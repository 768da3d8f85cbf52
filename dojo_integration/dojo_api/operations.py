"""What of Dojo's API is used, by verb and path. Only what is safe to repeat is repeated."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    is_repeatable: bool = False


SEND_EVENT = Operation("POST", "/epos/events")

CREATE_INTENT = Operation("POST", "/payment-intents")
GET_INTENT = Operation("GET", "/payment-intents/{paymentIntentId}", is_repeatable=True)
CANCEL_INTENT = Operation("DELETE", "/payment-intents/{paymentIntentId}")
CAPTURE_INTENT = Operation("POST", "/payment-intents/{paymentIntentId}/captures")
# Its key makes a second one the first; no other operation's does (only this one declares it).
REFUND_INTENT = Operation("POST", "/payment-intents/{paymentIntentId}/refunds", is_repeatable=True)
REVERSE_INTENT = Operation("POST", "/payment-intents/{paymentIntentId}/reversal")
