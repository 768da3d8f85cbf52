"""Dojo's API as methods: ``with DojoApi(account) as api: api.send_event(…)``. Every one may raise DojoError."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from dojo_integration import call_log, dojo_clock
from dojo_integration.accounts import DojoAccount, connection_of
from dojo_integration.dojo_api import operations, results
from dojo_integration.dojo_api.payloads import (
    LONGEST_NOTES,
    LONGEST_REASON,
    NewPaymentIntent,
    NewTerminalSession,
    capabilities,
    without_blanks,
)
from dojo_integration.dojo_api.reading import Body, Garbled, as_object, as_objects, text, value_of, words_of
from dojo_integration.dojo_api.transport import DEADLINE, OnCall, OnDate, Transport
from pos.models import Venue

EVENT_IDS = {"OrderUpdated": "orderId", "PartyUpdated": "partyId", "ReservationUpdated": "reservationId"}

R = TypeVar("R", covariant=True)


class _Readable(Protocol[R]):
    def read(self, body: Body) -> R: ...


class DojoApi:
    """One thread's line to Dojo's API; each call is over within ``deadline`` seconds, whatever happens."""

    def __init__(
        self,
        account: DojoAccount,
        *,
        deadline: float = DEADLINE,
        on_call: OnCall | None = None,
        on_date: OnDate | None = None,
    ) -> None:
        self._transport = Transport(account, deadline=deadline, on_call=on_call, on_date=on_date)
        self._call = self._transport.call

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._transport.close()

    # --- events ---

    def send_event(self, *, event_type: str, entity_id: str) -> None:
        """Tell Dojo that an order, a party or a reservation is not what it was."""
        body = {"eventType": event_type, "event": {EVENT_IDS[event_type]: entity_id}}
        self._call(operations.SEND_EVENT, body=body, read=_nothing)

    # --- payment intents ---

    def create_payment_intent(self, new: NewPaymentIntent, *, idempotency_key: str = "") -> results.PaymentIntent:
        """Raises InvalidRequest for what Dojo would never take. Dojo does not promise to heed the key here."""
        return self._call(
            operations.CREATE_INTENT,
            body=new.render(),
            headers=_key(idempotency_key),
            read=_one(results.PaymentIntent),
        )

    def payment_intent(self, intent_id: str, *, with_canceled: bool = True) -> results.PaymentIntent:
        """How the intent stands; a canceled one is NotFound unless it is asked for."""
        query = {"returnCanceled": "true"} if with_canceled else {}
        return self._call(operations.GET_INTENT, intent_id, query=query, read=_one(results.PaymentIntent))

    def cancel_payment_intent(self, intent_id: str) -> results.PaymentIntent:
        return self._call(operations.CANCEL_INTENT, intent_id, read=_one(results.PaymentIntent))

    def capture(
        self, intent_id: str, *, amount: int, tips_amount: int = 0, idempotency_key: str = ""
    ) -> results.Capture:
        """Take what was authorised, or a part of it; may be done several times."""
        body = {"amount": amount} | ({"tipsAmount": tips_amount} if tips_amount else {})
        return self._call(
            operations.CAPTURE_INTENT,
            intent_id,
            body=body,
            headers=_key(idempotency_key),
            read=_one(results.Capture),
        )

    def refund(
        self, intent_id: str, *, amount: int, idempotency_key: str, reason: str = "", notes: str = ""
    ) -> results.Refund:
        """Give back what was captured, or a part of it; the same key again is the same refund."""
        written = {"amount": amount, "refundReason": reason[:LONGEST_REASON], "notes": notes[:LONGEST_NOTES]}
        return self._call(
            operations.REFUND_INTENT,
            intent_id,
            body=without_blanks(written),
            headers=_key(idempotency_key),
            read=_one(results.Refund),
        )

    def reverse(self, intent_id: str, *, idempotency_key: str = "") -> results.Reversal:
        """Undo the whole payment before it is settled."""
        headers = _key(idempotency_key)
        return self._call(operations.REVERSE_INTENT, intent_id, headers=headers, read=_one(results.Reversal))

    # --- card machines ---

    def terminals(self, statuses: Iterable[str] = ()) -> tuple[results.Terminal, ...]:
        """The venue's card machines, or those that are Available, InUse or Offline."""
        return self._call(operations.GET_TERMINALS, query={"statuses": list(statuses)}, read=_many(results.Terminal))

    def terminal(self, terminal_id: str) -> results.Terminal:
        return self._call(operations.GET_TERMINAL, terminal_id, read=_one(results.Terminal))

    def create_terminal_session(self, new: NewTerminalSession) -> results.TerminalSession:
        """Set a card machine to work; Refused while it is busy, NotFound where there is none. Raises InvalidRequest."""
        return self._call(operations.CREATE_SESSION, body=new.render(), read=_one(results.TerminalSession))

    def terminal_session(self, session_id: str) -> results.TerminalSession:
        return self._call(operations.GET_SESSION, session_id, read=_one(results.TerminalSession))

    def cancel_terminal_session(self, session_id: str) -> results.TerminalSession:
        """Ask the card machine to stop; Refused once the card was tried."""
        return self._call(operations.CANCEL_SESSION, session_id, read=_one(results.TerminalSession))

    def answer_signature(self, session_id: str, *, accepted: bool) -> results.TerminalSession:
        return self._call(
            operations.ANSWER_SIGNATURE, session_id, body={"accepted": accepted}, read=_one(results.TerminalSession)
        )

    # --- the roads to us ---

    def integrations(self) -> results.Integrations:
        return self._call(operations.GET_INTEGRATIONS, read=_one(results.Integrations))

    def register_rest(
        self, *, url: str, username: str, password: str, names: Iterable[str]
    ) -> tuple[results.Integration, ...]:
        """Tell Dojo where it can call us, and all that it can ask for there."""
        auth = {"authType": "basic", "basic": {"username": username, "password": password}}
        body = {"url": url, "auth": auth, "capabilities": capabilities(names)}
        return self._call(operations.PUT_REST, body=body, read=_many(results.Integration))

    def register_ws(self, *, names: Iterable[str]) -> tuple[results.Integration, ...]:
        """Tell Dojo all that it can ask for over the WebSocket."""
        return self._call(
            operations.PUT_WS, body={"capabilities": capabilities(names)}, read=_many(results.Integration)
        )

    # --- webhooks ---

    def webhook_events(self) -> tuple[results.WebhookEvents, ...]:
        """What a webhook can be told of."""
        return self._call(operations.GET_WEBHOOK_EVENTS, read=_many(results.WebhookEvents))

    def webhooks(self) -> tuple[results.Subscription, ...]:
        return self._call(operations.GET_WEBHOOKS, read=_many(results.Subscription))

    def subscribe(self, *, url: str, events: Iterable[str], description: str = "") -> results.Subscription:
        body = without_blanks({"url": url, "description": description}) | {"events": list(events)}
        return self._call(operations.CREATE_WEBHOOK, body=body, read=_one(results.Subscription))

    def update_subscription(
        self, subscription_id: str, *, url: str = "", events: Iterable[str] = (), description: str = ""
    ) -> results.Subscription:
        """Change what is given, and nothing else of it."""
        body = without_blanks({"url": url, "events": list(events), "description": description})
        return self._call(operations.UPDATE_WEBHOOK, subscription_id, body=body, read=_one(results.Subscription))

    def delete_webhook(self, subscription_id: str) -> None:
        self._call(operations.DELETE_WEBHOOK, subscription_id, read=_nothing)

    def secrets(self, subscription_id: str) -> tuple[results.Secret, ...]:
        return self._call(operations.GET_SECRETS, subscription_id, read=_secrets)

    def new_secret(self, subscription_id: str) -> tuple[results.Secret, ...]:
        """Have one more made, which is not active yet; returns all of them."""
        return self._call(operations.CREATE_SECRET, subscription_id, read=_secrets)

    def activate_secret(self, subscription_id: str, secret_id: str) -> None:
        self._call(operations.ACTIVATE_SECRET, subscription_id, secret_id, read=_nothing)

    def delete_secret(self, subscription_id: str, secret_id: str) -> None:
        self._call(operations.DELETE_SECRET, subscription_id, secret_id, read=_nothing)

    # --- the EPOS tester ---

    def tester_flows(self) -> tuple[results.Flow, ...]:
        return self._call(operations.GET_FLOWS, read=_many(results.Flow))

    def start_tester_flow(self, flow: str, params: Mapping[str, Any] | None = None) -> str:
        """Let Dojo play a flow through with us; returns the id to ask by."""
        body = {"flow": flow} | ({"params": dict(params)} if params else {})
        return self._call(operations.START_FLOW, body=body, read=_flow_id)

    def tester_flow(self, flow_id: str) -> results.FlowResult:
        return self._call(operations.GET_FLOW, flow_id, read=_one(results.FlowResult))


def api_of(venue: Venue, *, deadline: float = DEADLINE) -> DojoApi | None:
    """The venue's line to Dojo's API, whose calls its manager sees; None where nobody has given it a key."""
    account = connection_of(venue)
    return None if account is None else line_of(venue, account, deadline=deadline)


def line_of(venue: Venue, account: DojoAccount, *, deadline: float = DEADLINE) -> DojoApi:
    """The same by the venue's account that was looked up before."""
    return DojoApi(
        account, deadline=deadline, on_call=call_log.noting(venue.pk), on_date=partial(dojo_clock.note, venue)
    )


def _one(result: _Readable[R]) -> Callable[[Any], R]:
    return lambda found: result.read(as_object(found))


def _many(result: _Readable[R]) -> Callable[[Any], tuple[R, ...]]:
    """What can be read of a list; one that cannot is left out, so that it does not hide the others."""

    def read(found: Any) -> tuple[R, ...]:
        readable = []
        for one in as_objects(found):
            try:
                readable.append(result.read(one))
            except Garbled:
                continue
        return tuple(readable)

    return read


def _secrets(found: Any) -> tuple[results.Secret, ...]:
    holder = as_object(found)
    return _many(results.Secret)(value_of(holder, "secrets") or [])


def _flow_id(found: Any) -> str:
    """The contract promises a bare text."""
    flow_id = words_of(found) if isinstance(found, str) else text(as_object(found), "flowID", "flowId", "id")
    if not flow_id:
        raise Garbled("no flow id")
    return flow_id


def _nothing(found: Any) -> None:
    return None


def _key(idempotency_key: str) -> dict[str, str]:
    return {"idempotencyKey": idempotency_key} if idempotency_key else {}
