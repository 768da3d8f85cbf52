"""What the controls do."""

from django.db import transaction

from dojo_integration.sandbox import (
    deliveries,
    events,
    gateway,
    intents,
    moments,
    payments,
    pos_calls,
    sessions,
    terminals,
)
from dojo_integration.sandbox.accounts import open_own, own_account
from dojo_integration.sandbox.api import Json, Refusal, invalid
from dojo_integration.sandbox.gateway import Unanswered
from dojo_integration.sandbox.models import (
    Account,
    Call,
    Delivery,
    Fault,
    Flow,
    Integration,
    Intent,
    ReceivedEvent,
    Refund,
    Secret,
    Session,
    Subscription,
    Terminal,
)

# Children before their parents.
EVERYTHING = (
    Call, Fault, Delivery, ReceivedEvent, Flow, Refund, Session, Intent, Integration, Secret, Subscription, Terminal,
    Account,
)  # fmt: skip

MOST_SHOWN = 1000


# ---- the desk itself


@transaction.atomic
def reset(account: Account, body: Json) -> Json:
    """Forget everything but the desk's own key."""
    for model in EVERYTHING:
        model._default_manager.all()._raw_delete(using="default")
    open_own()
    return show_account(own_account())


def show_account(account: Account) -> Json:
    return {"accountId": account.pk, "apiKey": account.api_key, "routes": account.routes}


def set_routes(account: Account, body: Json) -> Json:
    account.routes = body
    account.save(update_fields=["routes"])
    return show_account(account)


def set_fault(account: Account, body: Json) -> Json:
    options = {name: value for name, value in body.items() if name not in ("on", "kind", "count")}
    Fault.objects.create(pattern=body["on"], kind=body["kind"], remaining=body.get("count"), options=options)
    return {"faults": show_faults(account)}


def show_faults(account: Account) -> list[Json]:
    rows = Fault.objects.order_by("pk")
    return [{"on": row.pattern, "kind": row.kind, "count": row.remaining, **row.options} for row in rows]


def show_events(account: Account) -> list[Json]:
    """What the POS has told, oldest first."""
    rows = ReceivedEvent.objects.filter(account=account).order_by("pk")
    return [
        {"eventType": row.event_type, "entityId": row.entity_id, "receivedAt": moments.written(row.created_at)}
        for row in rows
    ]


def show_calls(account: Account) -> list[Json]:
    """What went over the wires last, oldest first."""
    rows = list(Call.objects.order_by("-pk")[:MOST_SHOWN])
    return [
        {
            "road": row.road,
            "name": row.name,
            "request": row.request,
            "response": row.response,
            "headers": row.headers,
            "status": row.status,
            "milliseconds": row.milliseconds,
            "at": moments.written(row.created_at),
        }
        for row in reversed(rows)
    ]


def show_deliveries(account: Account) -> list[Json]:
    rows = Delivery.objects.filter(account=account).order_by("pk")
    return [
        {
            "road": row.road,
            "event": row.body,
            "attempts": row.attempts,
            "arrived": row.arrived,
            "isOver": row.due_at is None,
            "outcome": row.outcome,
        }
        for row in rows
    ]


def show_gateway(account: Account) -> list[Json]:
    """The open connections, oldest first; the last one is asked."""
    open_now = [line for line in list(gateway.lines) if line.account_id == account.pk]
    return [{"softwareHouse": line.software_house, "since": line.since} for line in open_now]


def gateway_do(account: Account, body: Json) -> Json:
    code = body.get("code", 1001) if body["do"] == "close" else None
    return {"closed": gateway.close_all(code=code)}


# ---- people with cards, and Dojo's own systems


@transaction.atomic
def pay(account: Account, body: Json) -> Json:
    """Present a card for an intent."""
    intent = intents.locked(account, body["paymentIntentId"])
    intents.pay_intent(intent)
    return dict(intent.document)


@transaction.atomic
def reverse(account: Account, body: Json) -> Json:
    intent = intents.locked(account, body["paymentIntentId"])
    intents.reverse_intent(intent)
    return dict(intent.document)


@transaction.atomic
def refund(account: Account, body: Json) -> Json:
    """Give money back from Dojo's own portal."""
    intent = intents.locked(account, body["paymentIntentId"])
    intents.refund_intent(intent, body["amount"])
    return dict(intent.document)


@transaction.atomic
def at_session(account: Account, body: Json) -> Json:
    """What somebody with a card does at a terminal that waits for one."""
    session = sessions.locked(body["terminalSessionId"])
    if session is None or session.terminal.account_id != account.pk:
        raise invalid("TerminalSessionId", "There is no such terminal session.")
    if session.status not in ("InitiateRequested", "Initiated"):
        raise Refusal(409, f"Nobody is waited for: the session is {session.status}.")
    sessions.happen(session, body["do"])
    return dict(session.document)


def set_terminal(account: Account, body: Json) -> Json:
    """How a terminal is, and how whoever stands there behaves from now on."""
    row = Terminal.objects.filter(account=account, pk=body["terminalId"]).first()
    if row is None:
        raise invalid("TerminalId", "There is no such terminal.")
    row.status = body.get("status", row.status)
    row.behaviour = body.get("behaviour", row.behaviour)
    row.save(update_fields=["status", "behaviour"])
    return {**terminals.shown(row), "behaviour": row.behaviour}


def take_payment(account: Account, body: Json) -> Json:
    return payments.take(account, body)


def ask(account: Account, body: Json) -> Json:
    """Ask the POS anything that the EPOS Data API has, registered or not."""
    capability, road = body["capability"], body.get("road", "ws")
    if road == "rest" and capability not in pos_calls.REST:
        raise invalid("Capability", f"There is no capability “{capability}”.")
    seconds = float(body.get("seconds", pos_calls.PATIENCE))
    try:
        answer = pos_calls.ask(account, capability, body["params"], road=road, seconds=seconds)
    except Unanswered as error:
        raise Refusal(504, str(error)) from None
    return {"isOk": answer.is_ok, "body": answer.body, "status": answer.status}


def deliver(account: Account, body: Json) -> Json:
    """Take an event to the POS at once, as it is or altered, and say what came of each try."""
    intent = Intent.objects.filter(pk=body["paymentIntentId"], account=account).first()
    if intent is None:
        raise invalid("PaymentIntentId", "There is no such payment intent.")
    event = events.an_event(intent, body.get("event", events.STATUS_UPDATED))
    event["id"] = body.get("id", event["id"])
    event["data"]["paymentStatus"] = body.get("status", event["data"]["paymentStatus"])
    ways: list[Subscription | None] = [None]
    if body["road"] == "webhook":
        ways = list(Subscription.objects.filter(account=account, events__contains=[event["event"]]))
    tries = [deliveries.attempt(account, body["road"], event, way) for _ in range(body.get("times", 1)) for way in ways]
    return {"event": event, "tries": [{"arrived": arrived, "outcome": outcome} for arrived, outcome in tries]}
