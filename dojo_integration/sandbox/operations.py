"""THE TABLE: every operation that the sandbox has of Dojo's API."""

from dojo_integration.sandbox import integrations, intents, requests
from dojo_integration.sandbox.api import Family, Operation

_INTENTS = "/payment-intents"
_INTENT = f"{_INTENTS}/{{paymentIntentId}}"
_EPOS = "/epos/integrations"

OPERATIONS: tuple[Operation, ...] = (
    Operation("POST", _INTENTS, intents.create, Family.PAYMENTS, requests.create_payment_intent),
    # Before the intent's own: “refunds” is no intent.
    Operation("GET", f"{_INTENTS}/refunds/{{refundId}}", intents.get_refund, Family.PAYMENTS),
    Operation("GET", _INTENT, intents.get, Family.PAYMENTS),
    Operation("DELETE", _INTENT, intents.cancel, Family.PAYMENTS),
    Operation("POST", f"{_INTENT}/captures", intents.capture, Family.PAYMENTS, requests.create_capture),
    Operation("POST", f"{_INTENT}/refunds", intents.refund, Family.PAYMENTS, requests.create_refund),
    Operation("POST", f"{_INTENT}/reversal", intents.reverse, Family.PAYMENTS),
    Operation("POST", f"{_INTENT}/tips-amount", intents.set_tips, Family.PAYMENTS, requests.set_tips_amount),
    Operation("POST", f"{_INTENT}/amount", intents.set_amount, Family.PAYMENTS, requests.set_amount),
    Operation("POST", "/epos/events", integrations.receive_event, Family.EPOS, requests.event),
    Operation("GET", _EPOS, integrations.all_of, Family.EPOS),
    Operation("GET", f"{_EPOS}/rest", integrations.rest, Family.EPOS),
    Operation("PUT", f"{_EPOS}/rest", integrations.register_rest, Family.EPOS, requests.register_rest),
    Operation("GET", f"{_EPOS}/ws", integrations.ws, Family.EPOS),
    Operation("PUT", f"{_EPOS}/ws", integrations.register_ws, Family.EPOS, requests.register_ws),
    Operation("GET", f"{_EPOS}/dojo", integrations.dojo, Family.EPOS),
)
