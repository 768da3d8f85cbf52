"""Card machines: which there are, and what people want of them."""

from django.db import transaction
from django.utils import timezone

from dojo_integration.sandbox import intents, moments, sessions, waking
from dojo_integration.sandbox.api import Json, Refusal, Request, invalid, not_found
from dojo_integration.sandbox.models import Session, Terminal
from dojo_integration.sandbox.requests import TERMINAL_STATUSES

_DETAILS = {"Sale": "sale", "MatchedRefund": "matchedRefund", "UnlinkedRefund": "unlinkedRefund"}


def list_all(request: Request) -> list[Json]:
    wanted = request.values("statuses")
    for status in wanted:
        if status not in TERMINAL_STATUSES:
            raise invalid("statuses", f"“{status[:100]}” is not one of {', '.join(TERMINAL_STATUSES)}.")
    rows = Terminal.objects.filter(account=request.account).order_by("tid")
    return [shown(row) for row in rows if not wanted or row.status in wanted]


def get(request: Request) -> Json:
    return shown(_terminal(request, request.named["terminalId"]))


@transaction.atomic
def create_session(request: Request) -> Json:
    details = request.body["details"]
    detail = details.get(_DETAILS[details["sessionType"]])
    if detail is None:
        raise invalid("Details", f"A {details['sessionType']} needs its {_DETAILS[details['sessionType']]}.")
    terminal = _terminal(request, request.body["terminalId"])
    _check_details(request, details["sessionType"], detail)
    # One of two who want it at once gets it.
    if not Terminal.objects.filter(pk=terminal.pk, status="Available").update(status="InUse"):
        raise Refusal(409, f"The terminal is {terminal.status}.")
    now = timezone.now()
    session = Session(terminal=terminal, status="InitiateRequested", due_at=now + sessions.STEP)
    session.document = {
        "id": session.pk,
        "terminalId": terminal.pk,
        "status": session.status,
        "details": details,
        "createdAt": moments.written(now),
        "updatedAt": moments.written(now),
        "expireAt": moments.written(now + sessions.LIFE),
        "notificationEvents": [],
        "statusEvents": [],
    }
    sessions.move(session, "InitiateRequested", goes_on_in=sessions.STEP)
    transaction.on_commit(waking.wake)
    return dict(session.document)


@transaction.atomic
def get_session(request: Request) -> Json:
    return dict(_session(request).document)


@transaction.atomic
def cancel_session(request: Request) -> Json:
    session = _session(request)
    sessions.cancel(session)
    transaction.on_commit(waking.wake)
    return dict(session.document)


@transaction.atomic
def answer_signature(request: Request) -> Json:
    session = _session(request)
    sessions.answer_signature(session, accepted=request.body["accepted"])
    transaction.on_commit(waking.wake)
    return dict(session.document)


def shown(row: Terminal) -> Json:
    return {
        "id": row.pk,
        "properties": {"tid": row.tid},
        "status": row.status,
        "updatedAt": moments.written(row.updated_at),
    }


def _terminal(request: Request, terminal_id: str) -> Terminal:
    row = Terminal.objects.filter(pk=terminal_id, account=request.account).first()
    if row is None:
        raise not_found("terminal")
    return row


def _session(request: Request) -> Session:
    session = sessions.locked(request.named["terminalSessionId"])
    if session is None or session.terminal.account_id != request.account.pk:
        raise not_found("terminal session")
    return session


def _check_details(request: Request, session_type: str, detail: Json) -> None:
    amount = (detail.get("amount") or {}).get("value")
    if amount is not None and amount < 1:
        raise invalid("Details.Amount", "The amount must be above 0.")
    if session_type == "UnlinkedRefund":
        return
    intent = intents.locked(request.account, detail["paymentIntentId"])
    wanted = "Created" if session_type == "Sale" else "Captured"
    if intent.status != wanted:
        raise invalid("Details.PaymentIntentId", f"The payment intent is {intent.status}, not {wanted}.")
