"""What the rows of a past day refer to, and where they wait to be saved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import models

from bookings.models import Party, PartyTable
from floorplan.models import Table
from orders.models import (
    Discount,
    LineModifier,
    LineSubItem,
    Modifier,
    Order,
    OrderLine,
    Payment,
    PaymentIntent,
    Portion,
    Round,
    TradingPeriod,
)
from orders.services.vat import VatRates
from pos.models import AuditEntry, Membership, Till, Venue
from pos.permissions import ActorKind


@dataclass(frozen=True, slots=True)
class Books:
    """What the rows of one day refer to."""

    venue: Venue
    period: TradingPeriod
    day: date
    till: Till
    staff: dict[str, Membership]
    tables: dict[str, Table]
    portions: dict[str, Portion]
    modifiers: dict[str, Modifier]
    rates: VatRates
    moment: Callable[[int], datetime]
    """When so many minutes of the day had passed."""

    def entry(self, login: str, act: str, subject: str, *, at: datetime, detail: dict[str, Any]) -> AuditEntry:
        """What the audit trail said of it, in the words of today's services."""
        return AuditEntry(
            venue=self.venue,
            at=at,
            act=act,
            actor_kind=ActorKind.STAFF,
            membership=self.staff[login],
            till=self.till,
            subject=subject,
            detail=detail,
        )


@dataclass(slots=True)
class Written:
    """Rows not saved yet, in the order in which the database can take them."""

    parties: list[Party] = field(default_factory=list)
    party_tables: list[PartyTable] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)
    lines: list[OrderLine] = field(default_factory=list)
    sub_items: list[LineSubItem] = field(default_factory=list)
    modifiers: list[LineModifier] = field(default_factory=list)
    discounts: list[Discount] = field(default_factory=list)
    intents: list[PaymentIntent] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    # They point at payments, which have no key before they are saved.
    refunds: list[Payment] = field(default_factory=list)
    entries: list[AuditEntry] = field(default_factory=list)

    def save(self) -> None:
        """Insert everything, a statement per table and thousand rows."""
        for rows in (
            self.parties,
            self.party_tables,
            self.orders,
            self.rounds,
            self.lines,
            self.sub_items,
            self.modifiers,
            self.discounts,
            self.intents,
            self.payments,
            self.refunds,
            self.entries,
        ):
            _insert(rows)


def _insert(rows: Sequence[models.Model]) -> None:
    if rows:
        type(rows[0])._default_manager.bulk_create(rows, batch_size=1000)
