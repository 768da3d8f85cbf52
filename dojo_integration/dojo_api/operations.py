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

GET_INTEGRATIONS = Operation("GET", "/epos/integrations", is_repeatable=True)
# The whole list each time: twice is once.
PUT_REST = Operation("PUT", "/epos/integrations/rest", is_repeatable=True)
PUT_WS = Operation("PUT", "/epos/integrations/ws", is_repeatable=True)

GET_WEBHOOK_EVENTS = Operation("GET", "/webhooks/events", is_repeatable=True)
GET_WEBHOOKS = Operation("GET", "/webhooks", is_repeatable=True)
CREATE_WEBHOOK = Operation("POST", "/webhooks")
UPDATE_WEBHOOK = Operation("PATCH", "/webhooks/{subscriptionId}")
DELETE_WEBHOOK = Operation("DELETE", "/webhooks/{subscriptionId}")
GET_SECRETS = Operation("GET", "/webhooks/{subscriptionId}/secrets", is_repeatable=True)
CREATE_SECRET = Operation("POST", "/webhooks/{subscriptionId}/secrets")
ACTIVATE_SECRET = Operation("PUT", "/webhooks/{subscriptionId}/secrets/{secretId}/activate")
DELETE_SECRET = Operation("DELETE", "/webhooks/{subscriptionId}/secrets/{secretId}")

GET_TERMINALS = Operation("GET", "/terminals", is_repeatable=True)
GET_TERMINAL = Operation("GET", "/terminals/{terminalId}", is_repeatable=True)
CREATE_SESSION = Operation("POST", "/terminal-sessions")
GET_SESSION = Operation("GET", "/terminal-sessions/{terminalSessionId}", is_repeatable=True)
CANCEL_SESSION = Operation("PUT", "/terminal-sessions/{terminalSessionId}/cancel")
ANSWER_SIGNATURE = Operation("PUT", "/terminal-sessions/{terminalSessionId}/signature")

GET_FLOWS = Operation("GET", "/epos-tester-tool/flows", is_repeatable=True)
START_FLOW = Operation("POST", "/epos-tester-tool/flows")
GET_FLOW = Operation("GET", "/epos-tester-tool/flows/{flowId}", is_repeatable=True)
