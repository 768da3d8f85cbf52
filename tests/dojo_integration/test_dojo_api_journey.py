"""An evening of the client with the sandbox: everything that the API does, asked for and done."""

from collections.abc import Iterator
from typing import Any

import pytest

from dojo_integration import dojo_clock
from dojo_integration.dojo_api.client import DojoApi, api_of
from dojo_integration.dojo_api.errors import NotFound, Refused, Unauthorized, Unavailable, Unreachable
from dojo_integration.dojo_api.payloads import ItemLine, NewPaymentIntent, NewTerminalSession
from dojo_integration.dojo_api.results import PaymentIntent, TerminalSession
from orders.models import CaptureMode
from tests.dojo_integration.dojo_api import an_account
from tests.factories import VenueFactory
from tests.sandbox import EventReceived, Sandbox, until

pytestmark = pytest.mark.django_db(transaction=True)

BURGERS = ItemLine(id="line_1", name="Burger", quantity=2, amount_total=3600, plu="burger")


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[DojoApi]:
    with DojoApi(an_account(sandbox.url, api_key=sandbox.api_key, reseller_id="reseller1")) as made:
        yield made


def an_intent(api: DojoApi, amount: int = 3600, mode: CaptureMode = CaptureMode.AUTO) -> PaymentIntent:
    return api.create_payment_intent(
        NewPaymentIntent(
            amount=amount,
            currency="GBP",
            reference="Table 7",
            capture_mode=mode,
            order_external_id="order_1",
            waiter_id="12",
            item_lines=(BURGERS,),
        )
    )


def ended(api: DojoApi, session: TerminalSession, *statuses: str) -> TerminalSession:
    """Asked about every now and then, as a till would."""
    return until(lambda: (found := api.terminal_session(session.id)).status in statuses and found)


def test_events_arrive(api: DojoApi, sandbox: Sandbox) -> None:
    api.send_event(event_type="OrderUpdated", entity_id="order_1")
    api.send_event(event_type="PartyUpdated", entity_id="party_1")
    assert sandbox.received_events() == [
        EventReceived("OrderUpdated", "order_1"),
        EventReceived("PartyUpdated", "party_1"),
    ]


def test_a_payment_is_made_taken_and_given_back_in_parts(api: DojoApi, sandbox: Sandbox) -> None:
    # given
    made = an_intent(api)
    assert (made.status, made.amount, made.currency) == ("Created", 3600, "GBP")
    assert (made.order_external_id, made.waiter_id, made.reference) == ("order_1", "12", "Table 7")

    # when
    sandbox.capture(made.id)
    # then
    taken = api.payment_intent(made.id)
    assert (taken.status, taken.paid_amount, taken.refunded_amount) == ("Captured", 3600, 0)

    # when
    for _ in range(2):
        # The same key again is the same refund.
        assert api.refund(made.id, amount=600, idempotency_key="key-1").payment_intent_id in ("", made.id)
    # then
    assert (api.payment_intent(made.id).status, api.payment_intent(made.id).refunded_amount) == ("Captured", 600)

    # when
    api.refund(made.id, amount=3000, idempotency_key="key-2")
    # then
    assert api.payment_intent(made.id).status == "Refunded"
    with pytest.raises(Refused) as caught:
        api.refund(made.id, amount=1, idempotency_key="key-3")
    assert caught.value.problems


def test_a_payment_is_held_and_captured_later(api: DojoApi, sandbox: Sandbox) -> None:
    held = an_intent(api, mode=CaptureMode.MANUAL)
    sandbox.capture(held.id)
    assert api.payment_intent(held.id).status == "Authorized"
    assert api.capture(held.id, amount=3600).id
    taken = api.payment_intent(held.id)
    assert (taken.status, [capture.amount for capture in taken.captures]) == ("Captured", [3600])


def test_a_payment_is_reversed_and_another_canceled(api: DojoApi, sandbox: Sandbox) -> None:
    taken, unwanted = an_intent(api), an_intent(api)
    sandbox.capture(taken.id)
    assert api.reverse(taken.id).id
    assert api.payment_intent(taken.id).status == "Reversed"
    assert api.cancel_payment_intent(unwanted.id).status == "Canceled"
    assert api.payment_intent(unwanted.id).status == "Canceled"
    with pytest.raises(NotFound):
        api.payment_intent(unwanted.id, with_canceled=False)


def test_a_card_machine_takes_a_sale(api: DojoApi, sandbox: Sandbox) -> None:
    # given
    terminal = api.terminals(["Available"])[0]
    intent = an_intent(api)

    # when
    session = api.create_terminal_session(NewTerminalSession.sale(terminal.id, intent.id))
    with pytest.raises(Refused):
        api.create_terminal_session(NewTerminalSession.sale(terminal.id, intent.id))
    done = ended(api, session, "Captured")

    # then
    assert api.payment_intent(intent.id).status == "Captured"
    assert (done.terminal_id, done.session_type, done.payment_intent_id) == (terminal.id, "Sale", intent.id)
    assert "PAID" in [line.value for line in done.customer_receipt]
    assert done.notifications
    assert api.payment_intent(intent.id).sessions[0].id == session.id
    assert api.terminal(terminal.id).status == "Available"

    # when
    refund = api.create_terminal_session(
        NewTerminalSession.matched_refund(terminal.id, intent.id, amount=600, currency="GBP")
    )
    ended(api, refund, "Captured")
    # then
    assert api.payment_intent(intent.id).refunded_amount == 600


def test_a_card_machine_waits_for_a_signature_and_another_is_called_back(api: DojoApi, sandbox: Sandbox) -> None:
    first, second = api.terminals()[:2]
    sandbox.control("terminals", terminalId=first.id, behaviour="signature")
    sandbox.control("terminals", terminalId=second.id, behaviour="silent")

    signed = api.create_terminal_session(NewTerminalSession.sale(first.id, an_intent(api).id))
    ended(api, signed, "SignatureVerificationRequired")
    assert api.answer_signature(signed.id, accepted=True).status == "SignatureVerificationAccepted"
    ended(api, signed, "Captured")
    with pytest.raises(Refused):
        api.answer_signature(signed.id, accepted=True)

    called_back = api.create_terminal_session(NewTerminalSession.sale(second.id, an_intent(api).id))
    assert api.cancel_terminal_session(called_back.id).status == "CancelRequested"
    ended(api, called_back, "Canceled")


def test_the_roads_to_us_are_registered_and_read_back(api: DojoApi) -> None:
    names = ["ListAreas", "SearchOrders"]
    api.register_rest(url="https://till.example", username="dojo", password="pw", names=names)
    api.register_ws(names=names[:1])
    found = api.integrations()
    assert [(one.url, one.username, one.names) for one in found.rest] == [
        ("https://till.example", "dojo", frozenset(names))
    ]
    assert [one.names for one in found.ws] == [{"ListAreas"}]
    assert {capability.version for one in found.rest for capability in one.capabilities} == {"v1"}


def test_a_webhook_and_its_secrets(api: DojoApi) -> None:
    # given
    events = [event for group in api.webhook_events() for event in group.events if event.startswith("payment_intent")]
    assert len(events) >= 2

    # when
    made = api.subscribe(url="https://till.example/hook", events=events[:1])
    api.update_subscription(made.id, events=events)
    # then
    (webhook,) = api.webhooks()
    assert (webhook.id, webhook.url, set(webhook.events)) == (made.id, "https://till.example/hook", set(events))

    # when
    before = {secret.id for secret in api.secrets(made.id)}
    (fresh,) = [secret for secret in api.new_secret(made.id) if secret.id not in before]
    api.activate_secret(made.id, fresh.id)
    # then
    assert fresh.value
    assert [secret.is_active for secret in api.secrets(made.id) if secret.id == fresh.id] == [True]

    # when
    api.delete_secret(made.id, fresh.id)
    api.delete_webhook(made.id)
    # then
    assert api.webhooks() == ()
    with pytest.raises(NotFound):
        api.secrets(made.id)


def test_the_tester_plays_a_flow_through(api: DojoApi) -> None:
    flow = api.tester_flows()[0]
    flow_id = api.start_tester_flow(flow.name, {"orderId": "order_1"})
    result = until(lambda: (found := api.tester_flow(flow_id)).status != "IN_PROGRESS" and found)
    # Nothing is registered to be asked.
    assert (result.id, result.status) == (flow_id, "FAILURE")
    assert result.name.startswith(flow.name)
    assert [step.status for step in result.steps][-1] == "FAILURE"
    assert result.steps[-1].information


# --- a bad day -------------------------------------------------------------------------------------------------------


def test_another_key_is_a_managers_matter(sandbox: Sandbox) -> None:
    with DojoApi(an_account(sandbox.url, api_key="sk_sandbox_wrong")) as api, pytest.raises(Unauthorized):
        api.terminals()


def test_what_is_not_there_is_not_found(api: DojoApi) -> None:
    for act in (api.payment_intent, api.terminal, api.terminal_session, api.secrets, api.cancel_payment_intent):
        with pytest.raises(NotFound):
            act("pi_nothing")


def test_too_many_requests_are_waited_out_or_told(api: DojoApi, sandbox: Sandbox) -> None:
    sandbox.fault("GET /terminals", "status", status=429, retryAfter=1, count=1)
    assert api.terminals()
    sandbox.fault("GET /terminals", "status", status=429, retryAfter=21_600, count=1)
    with pytest.raises(Unavailable) as caught:
        api.terminals()
    assert caught.value.retry_after == 21_600
    assert api.terminals()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("kind", "options"),
    [("drop", {}), ("garbage", {}), ("redirect", {}), ("status", {"status": 500}), ("status", {"status": 429})],
)
def test_a_write_is_sent_once_whatever_becomes_of_its_answer(
    api: DojoApi, sandbox: Sandbox, kind: str, options: dict[str, Any], after: bool
) -> None:
    sandbox.fault("POST /epos/events", kind, count=1, after=after, **options)
    with pytest.raises((Unreachable, Unavailable)):
        api.send_event(event_type="OrderUpdated", entity_id="order_1")
    was_done = len(sandbox.received_events())
    assert was_done <= 1
    # The outbox would send it again; Dojo is glad to hear it twice.
    api.send_event(event_type="OrderUpdated", entity_id="order_1")
    assert len(sandbox.received_events()) == was_done + 1


@pytest.mark.parametrize("after", [False, True])
def test_a_refund_whose_answer_is_lost_is_done_once(api: DojoApi, sandbox: Sandbox, after: bool) -> None:
    intent = an_intent(api)
    sandbox.capture(intent.id)
    sandbox.fault("POST /payment-intents/*/refunds", "drop", count=1, after=after)
    assert api.refund(intent.id, amount=600, idempotency_key="key-1").id
    assert api.payment_intent(intent.id).refunded_amount == 600


@pytest.mark.parametrize("seconds", [120, -120])
def test_the_venues_line_learns_dojos_time(sandbox: Sandbox, settings: Any, seconds: int) -> None:
    # given
    settings.DOJO_API_KEY, settings.DOJO_API_URL = sandbox.api_key, sandbox.url
    venue = VenueFactory(bare=True)
    sandbox.fault("GET /terminals", "clock", seconds=seconds)
    api = api_of(venue)
    assert api is not None

    # when
    with api:
        api.terminals()

    # then
    assert abs(dojo_clock.offset(venue).total_seconds() - seconds) < 30
