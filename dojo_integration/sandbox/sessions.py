"""What happens at a card machine, step by step, as whoever stands there behaves.

``pays``, ``declines`` (the bank does), ``signature`` (is asked for), ``by_hand`` (the controls say what happens) and
``silent`` (nobody comes) do what they say. Two are traps that are known of the field: with ``kept`` a payment whose
signature was rejected stays captured, with ``lost`` a session expires although the card was charged.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from dojo_integration.sandbox import intents, moments
from dojo_integration.sandbox.api import Json, Refusal
from dojo_integration.sandbox.models import Intent, Session, Terminal
from dojo_integration.sandbox.row_locks import session_for_update

BEHAVIOURS = ("pays", "declines", "signature", "by_hand", "silent", "kept", "lost")

STEP = timedelta(seconds=0.3)
LIFE = timedelta(seconds=120)
# Nobody has said no: it is accepted.
SIGNATURE_PATIENCE = timedelta(seconds=80)

_FINAL = {"Authorized", "Captured", "Canceled", "Expired", "Declined", "SignatureVerificationRejected"}
_WAIT_FOR_PEOPLE = {"by_hand", "silent", "lost"}


def locked(session_id: str) -> Session | None:
    """The session, held until the transaction ends."""
    try:
        return session_for_update(session_id)
    except Session.DoesNotExist:
        return None


@transaction.atomic
def go_on(session_id: str) -> None:
    """Do what is due on a session."""
    session = locked(session_id)
    if session is None or session.due_at is None or session.due_at > timezone.now():
        return
    behaviour = session.terminal.behaviour
    match session.status:
        case "InitiateRequested":
            notify(session, "PresentCard")
            waits = LIFE if behaviour in _WAIT_FOR_PEOPLE else STEP
            move(session, "Initiated", goes_on_in=waits)
        case "Initiated":
            happen(session, behaviour)
        case "SignatureVerificationRequired":
            answer_signature(session, accepted=True)
        case "SignatureVerificationAccepted":
            succeed(session)
        case "CancelRequested":
            move(session, "Canceled")
        case _:
            session.due_at = None
            session.save(update_fields=["due_at"])


def happen(session: Session, behaviour: str) -> None:
    """Somebody with a card, or nobody."""
    if behaviour in ("silent", "by_hand"):
        return move(session, "Expired")
    if behaviour == "declines":
        notify(session, "Declined")
        return move(session, "Declined", "The bank has declined the card.")
    notify(session, "PleaseWait")
    try:
        _charge(session)
    except Refusal as refusal:
        notify(session, "Declined")
        return move(session, "Declined", refusal.detail)
    if behaviour == "lost":
        return move(session, "Expired")
    if behaviour in ("signature", "kept"):
        return move(session, "SignatureVerificationRequired", goes_on_in=SIGNATURE_PATIENCE)
    return succeed(session)


def succeed(session: Session) -> None:
    notify(session, "Approved")
    session.document["receipt"] = {"lines": [_line("DOJO SANDBOX", bold=True), {"lineType": "NewLine"}, _line("PAID")]}
    intent = _intent(session)
    if intent is not None:
        session.document["paymentDetails"] = intent.document["paymentDetails"]
    is_held = intent is not None and intent.status == "Authorized"
    move(session, "Authorized" if is_held else "Captured")


def answer_signature(session: Session, *, accepted: bool) -> None:
    if session.status != "SignatureVerificationRequired":
        raise Refusal(422, f"No signature is waited for: the session is {session.status}.")
    if accepted:
        return move(session, "SignatureVerificationAccepted", goes_on_in=STEP)
    intent = _intent(session)
    if intent is not None and session.terminal.behaviour != "kept":
        intents.reverse_intent(intent)
    return move(session, "SignatureVerificationRejected")


def cancel(session: Session) -> None:
    if session.status not in ("InitiateRequested", "Initiated"):
        raise Refusal(422, f"It is too late to cancel: the session is {session.status}.")
    move(session, "CancelRequested", goes_on_in=STEP)


def notify(session: Session, kind: str) -> None:
    session.document["notificationEvents"].append({"notificationType": kind, "createdAt": moments.now()})


def move(session: Session, status: str, why: str = "", *, goes_on_in: timedelta | None = None) -> None:
    """Give it another status; a final one frees the terminal and stands in the intent's history."""
    now = timezone.now()
    session.status = session.document["status"] = status
    session.document["updatedAt"] = moments.written(now)
    session.document["statusEvents"].append({"status": status, "createdAt": moments.written(now), "debugMessage": why})
    session.due_at = None if goes_on_in is None else now + goes_on_in
    session.save()
    if status in _FINAL:
        Terminal.objects.filter(pk=session.terminal_id, status="InUse").update(status="Available", updated_at=now)
        _write_history(session)


def _charge(session: Session) -> None:
    details = session.document["details"]
    intent = _intent(session)
    match details["sessionType"]:
        case "Sale":
            assert intent
            intents.pay_intent(intent)
        case "MatchedRefund":
            assert intent
            left = intent.document["totalAmount"]["value"] - intent.document["refundedAmount"]
            asked = details["matchedRefund"].get("amount")
            intents.refund_intent(intent, asked["value"] if asked else left)


def _intent(session: Session) -> Intent | None:
    details = session.document["details"]
    detail = details.get("sale") if details["sessionType"] == "Sale" else details.get("matchedRefund")
    if details["sessionType"] == "UnlinkedRefund" or detail is None:
        return None
    return intents.locked(session.terminal.account, detail["paymentIntentId"])


def _write_history(session: Session) -> None:
    intent = _intent(session)
    if intent is None:
        return
    shown = {name: value for name, value in session.document.items() if name not in ("receipt", "paymentDetails")}
    entry: Json = {"terminalSession": shown}
    if paid := intent.document.get("paymentDetails"):
        entry["payment"] = {
            "transactionDateTime": paid["transactionDateTime"],
            "cardNumber": paid["card"]["cardNumber"],
            "expiryDate": paid["card"]["expiryDate"],
            "cardType": paid["card"]["cardType"],
            "authGatewayTransactionId": paid["transactionId"],
            "entryMode": paid["card"]["entryMode"],
            "verificationMode": "Signature" if "SignatureVerificationRequired" in _statuses(session) else "Pin",
        }
    intent.document["terminalSessionHistory"].append(entry)
    intents.keep(intent)


def _statuses(session: Session) -> list[str]:
    return [event["status"] for event in session.document["statusEvents"]]


def _line(words: str, *, bold: bool = False) -> Json:
    text = {"value": words, "size": "SizeBody", "align": "AlignCenter", "emphasisBold": bold}
    return {"lineType": "Text", "text": text}
