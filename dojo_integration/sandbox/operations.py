"""THE TABLE: every operation that the sandbox has of Dojo's API."""

from dojo_integration.sandbox import integrations, intents, requests, terminals, tester, webhooks
from dojo_integration.sandbox.api import Family, Operation

_INTENTS = "/payment-intents"
_INTENT = f"{_INTENTS}/{{paymentIntentId}}"
_SESSIONS = "/terminal-sessions"
_SESSION = f"{_SESSIONS}/{{terminalSessionId}}"
_EPOS = "/epos/integrations"
_WEBHOOK = "/webhooks/{subscriptionId}"
_SECRETS = f"{_WEBHOOK}/secrets"
_SECRET = f"{_SECRETS}/{{secretId}}"
_FLOWS = "/epos-tester-tool/flows"

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
    Operation("GET", "/terminals", terminals.list_all, Family.TERMINALS),
    Operation("GET", "/terminals/{terminalId}", terminals.get, Family.TERMINALS),
    Operation("POST", _SESSIONS, terminals.create_session, Family.TERMINALS, requests.create_terminal_session),
    Operation("GET", _SESSION, terminals.get_session, Family.TERMINALS),
    Operation("PUT", f"{_SESSION}/cancel", terminals.cancel_session, Family.TERMINALS),
    Operation("PUT", f"{_SESSION}/signature", terminals.answer_signature, Family.TERMINALS, requests.answer_signature),
    Operation("GET", "/webhooks/events", webhooks.list_events, Family.WEBHOOKS),
    Operation("GET", "/webhooks", webhooks.list_all, Family.WEBHOOKS),
    Operation("POST", "/webhooks", webhooks.subscribe, Family.WEBHOOKS, requests.subscribe),
    Operation("PATCH", _WEBHOOK, webhooks.update, Family.WEBHOOKS, requests.update_subscription),
    Operation("DELETE", _WEBHOOK, webhooks.delete, Family.WEBHOOKS, status=204),
    Operation("GET", _SECRETS, webhooks.secrets, Family.WEBHOOKS),
    Operation("POST", _SECRETS, webhooks.new_secret, Family.WEBHOOKS),
    Operation("PUT", f"{_SECRET}/activate", webhooks.activate_secret, Family.WEBHOOKS, status=204),
    Operation("DELETE", _SECRET, webhooks.delete_secret, Family.WEBHOOKS, status=204),
    Operation("POST", "/epos/events", integrations.receive_event, Family.EPOS, requests.event),
    Operation("GET", _EPOS, integrations.all_of, Family.EPOS),
    Operation("GET", f"{_EPOS}/rest", integrations.rest, Family.EPOS),
    Operation("PUT", f"{_EPOS}/rest", integrations.register_rest, Family.EPOS, requests.register_rest),
    Operation("GET", f"{_EPOS}/ws", integrations.ws, Family.EPOS),
    Operation("PUT", f"{_EPOS}/ws", integrations.register_ws, Family.EPOS, requests.register_ws),
    Operation("GET", f"{_EPOS}/dojo", integrations.dojo, Family.EPOS),
    Operation("GET", _FLOWS, tester.list_all, Family.EPOS),
    Operation("POST", _FLOWS, tester.start, Family.EPOS, requests.run_flow),
    Operation("GET", f"{_FLOWS}/{{flowId}}", tester.get, Family.EPOS),
)
