"""What Dojo's API answers, in our own words: amounts in minor units, moments in UTC, a missing text is "".

Each reads one of Dojo's objects leniently: what it does not know it lets be, what is optional may be missing, and
only what nothing can be done without raises Garbled.
"""

from dojo_integration.dojo_api.results.payments import (
    Capture,
    CaptureDetails,
    Card,
    PastSession,
    PaymentDetails,
    PaymentIntent,
    Refund,
    Reversal,
)
from dojo_integration.dojo_api.results.registration import (
    Integration,
    Integrations,
    Registered,
    Secret,
    Subscription,
    WebhookEvents,
)
from dojo_integration.dojo_api.results.terminals import (
    Notification,
    Receipt,
    ReceiptLine,
    StatusEvent,
    Terminal,
    TerminalSession,
)
from dojo_integration.dojo_api.results.tester import Flow, FlowParam, FlowResult, FlowStep

__all__ = [
    "Capture", "CaptureDetails", "Card", "Flow", "FlowParam", "FlowResult", "FlowStep", "Integration", "Integrations",
    "Notification", "PastSession", "PaymentDetails", "PaymentIntent", "Receipt", "ReceiptLine", "Refund", "Registered",
    "Reversal", "Secret", "StatusEvent", "Subscription", "Terminal", "TerminalSession", "WebhookEvents",
]  # fmt: skip
