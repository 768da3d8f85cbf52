"""Dojo's API as methods: ``with DojoApi(account) as api: api.send_event(…)``. Every one may raise DojoError."""

from types import TracebackType
from typing import Any, Self

from dojo_integration.accounts import DojoAccount, connection_of
from dojo_integration.dojo_api import operations, results
from dojo_integration.dojo_api.payloads import NewPaymentIntent, without_blanks
from dojo_integration.dojo_api.reading import as_object
from dojo_integration.dojo_api.transport import DEADLINE, OnCall, OnDate, Transport
from pos.models import Venue

EVENT_IDS = {"OrderUpdated": "orderId", "PartyUpdated": "partyId", "ReservationUpdated": "reservationId"}


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
        self._transport.call(operations.SEND_EVENT, body=body, read=_nothing)

    # --- payment intents ---

    def create_payment_intent(self, new: NewPaymentIntent, *, idempotency_key: str = "") -> results.PaymentIntent:
        """Raises InvalidRequest for what Dojo would never take. Dojo does not promise to heed the key here."""
        return self._transport.call(
            operations.CREATE_INTENT, body=new.render(), headers=_key(idempotency_key), read=_intent
        )

    def payment_intent(self, intent_id: str, *, with_canceled: bool = True) -> results.PaymentIntent:
        """How the intent stands; a canceled one is NotFound unless it is asked for."""
        query = {"returnCanceled": "true"} if with_canceled else {}
        return self._transport.call(operations.GET_INTENT, intent_id, query=query, read=_intent)

    def cancel_payment_intent(self, intent_id: str) -> results.PaymentIntent:
        return self._transport.call(operations.CANCEL_INTENT, intent_id, read=_intent)

    def capture(
        self, intent_id: str, *, amount: int, tips_amount: int = 0, idempotency_key: str = ""
    ) -> results.Capture:
        """Take what was authorised, or a part of it; may be done several times."""
        body = {"amount": amount} | ({"tipsAmount": tips_amount} if tips_amount else {})
        return self._transport.call(
            operations.CAPTURE_INTENT,
            intent_id,
            body=body,
            headers=_key(idempotency_key),
            read=lambda found: results.Capture.read(as_object(found)),
        )

    def refund(
        self, intent_id: str, *, amount: int, idempotency_key: str, reason: str = "", notes: str = ""
    ) -> results.Refund:
        """Give back what was captured, or a part of it; the same key again is the same refund."""
        body = without_blanks({"amount": amount, "refundReason": reason[:1024], "notes": notes[:4096]})
        return self._transport.call(
            operations.REFUND_INTENT,
            intent_id,
            body=body,
            headers=_key(idempotency_key),
            read=lambda found: results.Refund.read(as_object(found)),
        )

    def reverse(self, intent_id: str, *, idempotency_key: str = "") -> results.Reversal:
        """Undo the whole payment before it is settled."""
        return self._transport.call(
            operations.REVERSE_INTENT,
            intent_id,
            headers=_key(idempotency_key),
            read=lambda found: results.Reversal.read(as_object(found)),
        )


def api_of(venue: Venue, *, deadline: float = DEADLINE, on_call: OnCall | None = None) -> DojoApi | None:
    """The venue's line to Dojo's API; None where nobody has given it a key."""
    account = connection_of(venue)
    return None if account is None else DojoApi(account, deadline=deadline, on_call=on_call)


def _intent(found: Any) -> results.PaymentIntent:
    return results.PaymentIntent.read(as_object(found))


def _nothing(found: Any) -> None:
    return None


def _key(idempotency_key: str) -> dict[str, str]:
    return {"idempotencyKey": idempotency_key} if idempotency_key else {}
