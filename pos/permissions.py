"""Who may do what: one table, one check."""

from dataclasses import dataclass, field
from enum import StrEnum

from django.utils import timezone

from pos.errors import ApprovalRequired, NotPermitted
from pos.events import ApprovalChanged, publish
from pos.models import Approval, Membership, Role, Till, Venue
from pos.row_locks import approval_for_update


class Act(StrEnum):
    OPEN = "open"
    ADD = "add"
    SEND = "send"
    PRINT_BILL = "print_bill"
    TAKE_PAYMENT = "take_payment"
    REMOVE_UNSENT = "remove_unsent"
    CORRECT = "correct"
    HAND_OVER = "hand_over"

    VOID = "void"
    COMP = "comp"
    DISCOUNT_ABOVE_LIMIT = "discount_above_limit"
    LOWER_PRINTED_BILL = "lower_printed_bill"
    OTHERS_TABLE = "others_table"
    NO_SHOW = "no_show"
    CANCEL_AFTER_PREPARING = "cancel_after_preparing"
    WALK_OUT = "walk_out"

    CASH_REFUND = "cash_refund"
    REOPEN = "reopen"
    NO_SALE = "no_sale"

    CARD_REFUND = "card_refund"
    RELEASE_LEASE = "release_lease"
    CLOSE_PERIOD = "close_period"
    INTEGRATION = "integration"
    MENU_PRICES = "menu_prices"
    STAFF = "staff"
    ADMIN = "admin"


class Answer(StrEnum):
    YES = "yes"
    APPROVAL = "approval"
    NO = "no"


_EVERYDAY = (Act.OPEN, Act.ADD, Act.SEND, Act.PRINT_BILL, Act.TAKE_PAYMENT, Act.REMOVE_UNSENT, Act.CORRECT)
_SUPERVISED = (
    Act.VOID,
    Act.COMP,
    Act.DISCOUNT_ABOVE_LIMIT,
    Act.LOWER_PRINTED_BILL,
    Act.OTHERS_TABLE,
    Act.NO_SHOW,
    Act.CANCEL_AFTER_PREPARING,
    Act.WALK_OUT,
)
_CASHIER = (Act.CASH_REFUND, Act.REOPEN, Act.NO_SALE)

# act → (waiter, supervisor, manager)
ROLES: dict[Act, tuple[Answer, Answer, Answer]] = {
    **dict.fromkeys((*_EVERYDAY, Act.HAND_OVER), (Answer.YES, Answer.YES, Answer.YES)),
    **dict.fromkeys(_SUPERVISED, (Answer.APPROVAL, Answer.YES, Answer.YES)),
    **dict.fromkeys(_CASHIER, (Answer.NO, Answer.APPROVAL, Answer.YES)),
    **dict.fromkeys(
        (
            Act.CARD_REFUND,
            Act.RELEASE_LEASE,
            Act.CLOSE_PERIOD,
            Act.INTEGRATION,
            Act.MENU_PRICES,
            Act.STAFF,
            Act.ADMIN,
        ),
        (Answer.NO, Answer.NO, Answer.YES),
    ),
}

_COLUMN = {Role.WAITER: 0, Role.SUPERVISOR: 1, Role.MANAGER: 2}


class ActorKind(StrEnum):
    STAFF = "staff"
    DOJO = "dojo"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Requester:
    """Who stood before the card machine, as far as Dojo says; all of it optional."""

    waiter_id: str = ""
    product: str = ""
    device_id: str = ""
    device_type: str = ""

    @property
    def place(self) -> str:
        """What a waiter understands: the device, else the product."""
        return self.device_id or self.device_type or self.product or "a card machine"


@dataclass(frozen=True, slots=True)
class Actor:
    """On whose behalf a service acts, in which venue."""

    venue: Venue
    kind: ActorKind
    membership: Membership | None = None
    till: Till | None = None
    requester: Requester = field(default_factory=Requester)
    approval_id: int | None = None
    # The way that a request of Dojo's came, for what is kept of it.
    road: str = ""

    @classmethod
    def staff(cls, membership: Membership, till: Till | None = None, *, approval_id: int | None = None) -> "Actor":
        return cls(
            venue=membership.venue, kind=ActorKind.STAFF, membership=membership, till=till, approval_id=approval_id
        )

    @classmethod
    def dojo(cls, venue: Venue, requester: Requester | None = None, *, road: str = "") -> "Actor":
        return cls(venue=venue, kind=ActorKind.DOJO, requester=requester or Requester(), road=road)

    @classmethod
    def system(cls, venue: Venue) -> "Actor":
        return cls(venue=venue, kind=ActorKind.SYSTEM)

    @property
    def is_staff(self) -> bool:
        return self.kind is ActorKind.STAFF

    @property
    def name(self) -> str:
        if self.membership is not None:
            return self.membership.staff.name
        return "Dojo" if self.kind is ActorKind.DOJO else "Tableside"


def answer_for(actor: Actor, act: Act) -> Answer:
    """Look the act up in the role matrix. Dojo and the system act under their own contracts, not under a role."""
    if actor.membership is None:
        return Answer.YES
    if not actor.membership.is_active or actor.membership.venue_id != actor.venue.pk:
        return Answer.NO
    return ROLES[act][_COLUMN[Role(actor.membership.role)]]


def may(actor: Actor, act: Act) -> bool:
    """Say whether this person may do it without asking anybody; for showing or hiding a button."""
    return answer_for(actor, act) is Answer.YES


def refuse(actor: Actor, act: Act) -> NotPermitted:
    return NotPermitted(f"{actor.name} may not do this here ({act.replace('_', ' ')}).", act=str(act))


def require(actor: Actor, act: Act, *, subject: str = "", amount: int | None = None) -> Approval | None:
    """Check that the actor may do this to that thing; the only such check there is.

    Uses up the actor's approval where the role matrix asks for one, and returns it for the audit trail. Raises
    NotPermitted, or ApprovalRequired when a supervisor's yes is missing, spent, expired or for something else.
    """
    answer = answer_for(actor, act)
    if answer is Answer.YES:
        return None
    if answer is Answer.NO or actor.membership is None:
        raise refuse(actor, act)
    missing = ApprovalRequired("A supervisor has to approve this.", act=str(act), subject=subject, amount=amount)
    if actor.approval_id is None:
        raise missing
    approval = approval_for_update(actor.venue, actor.approval_id)
    now = timezone.now()
    if not approval.is_good_for(act=act, subject=subject, amount=amount, asked_by_id=actor.membership.pk, now=now):
        raise missing
    approval.status = Approval.Status.USED
    approval.used_at = now
    approval.save(update_fields=["status", "used_at"])
    publish(ApprovalChanged(venue_id=actor.venue.pk, approval_id=approval.pk))
    return approval
