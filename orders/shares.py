"""Who pays what of one order: a plan over its lines, pure, in whole pence or cents.

The law: the unpaid shares, with what nobody has taken yet, always sum to exactly what is outstanding.

* A line belongs to seats, none meaning everyone; the shares of those seats split it by largest remainder. A share by
  item names its lines and how many units of each; equal shares split whatever is left; an amount share is a fixed sum.
* Service follows the goods. A share that has it removed lowers the bill's service by exactly its part.
* A paid share is frozen with its lines. Lines that come later go to the unpaid shares of their seats; where there is
  none they are `unassigned`: the caller forms a new share. Paying a share leaves the others as they were.
* Money that fits no share, or a changed bill, recomputes the unpaid shares only, in proportion.

Amounts are *full* inside this module: with service still on them, so that removing it from one share moves no other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import compress

from pos.money import divide_half_up, largest_remainder


class ShareKind(StrEnum):
    SEAT = "seat"
    ITEM = "item"
    EQUAL = "equal"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareableLine:
    """A line as priced: `amount` is what is owed for it with added tax, `service_base` what service is reckoned on."""

    key: str
    amount: int
    service_base: int
    seats: tuple[int, ...] = ()
    units: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareAmount:
    """What one share pays; kept as it is once paid.

    `lines` is the part of each line that the share covers, before money that fitted no share is taken off, so its sum
    may differ from `goods`. It is empty for shares that are no selection of lines.
    """

    goods: int = 0
    service: int = 0
    waived: int = 0
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.goods + self.service

    @property
    def full_service(self) -> int:
        return self.service + self.waived

    @property
    def full(self) -> int:
        return self.goods + self.full_service


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareSpec:
    """One share of the plan.

    `lines` are the units that a share by item takes. An amount share without an amount is the rest. `paid` is what the
    share was frozen at, None while it is open.
    """

    key: str
    kind: ShareKind
    seats: tuple[int, ...] = ()
    weight: int = 1
    fixed_amount: int | None = None
    lines: Mapping[str, int] = field(default_factory=dict)
    service_removed: bool = False
    paid: ShareAmount | None = None

    def __post_init__(self) -> None:
        if self.weight < 1:
            raise ValueError(f"share {self.key!r} needs a weight of at least 1")

    @property
    def selects_lines(self) -> bool:
        return self.kind in (ShareKind.SEAT, ShareKind.ITEM)

    @property
    def is_rest(self) -> bool:
        return self.kind == ShareKind.EQUAL or (self.kind == ShareKind.AMOUNT and self.fixed_amount is None)

    def has_paid_for(self, line_key: str) -> bool:
        return self.paid is not None and line_key in self.paid.lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """The plan in money. outstanding = Σ open shares + unassigned = max(0, total - paid)."""

    shares: dict[str, ShareAmount]
    open_keys: tuple[str, ...]
    unassigned: ShareAmount
    """Owed, and in nobody's share: a new share is to be formed for it, on the seats of its lines."""
    waived: int
    """Service that shares, paid and open, took off the bill."""
    service_total: int
    total: int
    outstanding: int

    def share_fitting(self, amount: int) -> str | None:
        """Return the first open share that this payment pays to the penny: card machines name no share."""
        return next((key for key in self.open_keys if self.shares[key].total == amount > 0), None)


@dataclass(slots=True)
class _Pot:
    """What is still to be split, and how much of it is service."""

    left: int
    service: int

    def take(self, full: int, service: int) -> None:
        self.left -= full
        self.service = min(self.service - service, self.left)


@dataclass(slots=True)
class _Part:
    """A share's part while it is reckoned; without a spec it is nobody's."""

    spec: ShareSpec | None
    lines: dict[str, int] = field(default_factory=dict)
    service_base: int = 0
    full: int = 0
    service: int = 0

    @property
    def frozen(self) -> ShareAmount | None:
        return self.spec.paid if self.spec else None

    @property
    def frozen_full(self) -> int | None:
        return self.frozen.full if self.frozen else None

    @property
    def frozen_service(self) -> int | None:
        return self.frozen.full_service if self.frozen else None

    def settled(self) -> ShareAmount:
        if self.frozen is not None:
            return self.frozen
        removed = self.spec is not None and self.spec.service_removed
        return ShareAmount(
            goods=self.full - self.service,
            service=0 if removed else self.service,
            waived=self.service if removed else 0,
            lines=self.lines if self.full or self.spec else {},
        )


def allocate(
    lines: Sequence[ShareableLine],
    shares: Sequence[ShareSpec],
    *,
    service: int,
    paid: int,
    paid_service: int,
    difference: int = 0,
) -> Allocation:
    """Say what every share pays.

    `service` is the bill's whole service as if no share had it removed, `paid` all money on the order less refunds and
    reversals, `paid_service` the service in that, `difference` what a Dojo order owes beyond our own sum.
    """
    frozen = [spec.paid for spec in shares if spec.paid is not None]
    waived = min(service, sum(amount.waived for amount in frozen))
    total = max(0, sum(line.amount for line in lines) + service - waived + difference)
    left = max(0, total - paid)
    service_left = service - waived - max(paid_service, sum(amount.service for amount in frozen))
    pot = _Pot(left, min(max(0, service_left), left))

    whole = _Pot(total + waived, service)
    fixed = [_fixed_part(spec, pot, whole) for spec in shares if spec.kind == ShareKind.AMOUNT and not spec.is_rest]
    by_line, nobody = _parts_by_line(lines, shares, service, pot)
    rest = _rest_parts(shares, pot)
    nobody.full += pot.left
    nobody.service += pot.service

    amounts = {part.spec.key: part.settled() for part in (*fixed, *by_line, *rest) if part.spec}
    unassigned = nobody.settled()
    open_keys = tuple(spec.key for spec in shares if spec.paid is None)
    waived_now = sum(amounts[key].waived for key in open_keys)
    return Allocation(
        shares={spec.key: amounts[spec.key] for spec in shares},
        open_keys=open_keys,
        unassigned=unassigned,
        waived=waived + waived_now,
        service_total=service - waived - waived_now,
        total=total - waived_now,
        outstanding=sum(amounts[key].total for key in open_keys) + unassigned.total,
    )


def service_within(amount: int, *, outstanding: int, service_outstanding: int) -> int:
    """Return the service in a payment: its proportion of what is outstanding, so the last payment takes the rest."""
    if outstanding <= 0:
        return 0
    return divide_half_up(service_outstanding * min(amount, outstanding), outstanding)


def _fixed_part(spec: ShareSpec, pot: _Pot, whole: _Pot) -> _Part:
    """Take a fixed sum from the pot, its service in the proportion of the whole bill, whoever has paid already.

    With service removed the guest still pays the sum named: all of it is for goods.
    """
    part = _Part(spec)
    if spec.paid is not None:
        return part
    asked = max(0, spec.fixed_amount or 0)
    if not spec.service_removed:
        part.full = min(asked, pot.left)
        its = service_within(part.full, outstanding=whole.left, service_outstanding=whole.service)
        part.service = min(its, pot.service, part.full)
    elif asked < pot.left - pot.service:
        its = service_within(asked, outstanding=whole.left - whole.service, service_outstanding=whole.service)
        part.service = min(its, pot.service)
        part.full = asked + part.service
    else:
        part.full, part.service = pot.left, pot.service
    pot.take(part.full, part.service)
    return part


def _rest_parts(shares: Sequence[ShareSpec], pot: _Pot) -> list[_Part]:
    """Split what is left in the pot by weight: within a penny of each other for equal weights."""
    parts = [_Part(spec) for spec in shares if spec.is_rest]
    weights = [part.spec.weight for part in parts if part.spec]
    _settle(parts, weights, pot.left, service=pot.service, service_weights=None)
    if any(part.frozen is None for part in parts):
        pot.take(pot.left, pot.service)
    return parts


def _parts_by_line(
    lines: Sequence[ShareableLine], shares: Sequence[ShareSpec], service: int, pot: _Pot
) -> tuple[list[_Part], _Part]:
    """Give each share by seat or item its lines and their service; what is left over is nobody's, or the rest's."""
    parts = [_Part(spec) for spec in shares if spec.selects_lines]
    nobody = _Part(None)
    everybody = [*parts, nobody]
    _hand_out_lines(lines, everybody)
    goods = [sum(part.lines.values()) for part in everybody]
    bases = [part.service_base for part in everybody]
    services = _split(service, bases if any(bases) else goods)
    fulls = [amount + its for amount, its in zip(goods, services, strict=True)]
    left, service_left = pot.left, pot.service
    if any(spec.is_rest for spec in shares):
        # Somebody takes the rest, or took it: these shares ask for their own and no more.
        fulls[-1] = services[-1] = 0
        are_open = [part.frozen is None for part in everybody]
        left = min(left, sum(compress(fulls, are_open)))
        service_left = min(service_left, sum(compress(services, are_open)))
    _settle(everybody, fulls, left, service=service_left, service_weights=services)
    pot.take(left, sum(part.service for part in everybody if part.frozen is None))
    return parts, nobody


def _settle(
    parts: Sequence[_Part], weights: Sequence[int], left: int, *, service: int, service_weights: Sequence[int] | None
) -> None:
    """Split what is left, and the service in it, over the open parts; a part never carries more service than money."""
    frozen_fulls = [part.frozen_full for part in parts]
    fulls = _split_beside_frozen(left + sum(full or 0 for full in frozen_fulls), weights, frozen_fulls)
    frozen_services = [part.frozen_service for part in parts]
    services = _split_beside_frozen(
        service + sum(its or 0 for its in frozen_services),
        fulls if service_weights is None else service_weights,
        frozen_services,
    )
    for part, full, its in zip(parts, fulls, services, strict=True):
        part.full, part.service = full, min(its, full)


def _split_beside_frozen(total: int, weights: Sequence[int], frozen: Sequence[int | None]) -> list[int]:
    """Split over everybody; if the frozen ones would now get another amount, split the rest over the open ones alone.

    Splitting over everybody first is what keeps a guest's amount still while others pay.
    """
    parts = _split(total, weights)
    if all(was is None or was == part for was, part in zip(frozen, parts, strict=True)):
        return parts
    open_weights = [weight if was is None else 0 for weight, was in zip(weights, frozen, strict=True)]
    open_parts = _split(max(0, total - sum(was or 0 for was in frozen)), open_weights)
    return [part if was is None else was for part, was in zip(open_parts, frozen, strict=True)]


def _split(total: int, weights: Sequence[int]) -> list[int]:
    """Split by largest remainder; what no weight asks for goes to the last, which in splits of lines is nobody."""
    if any(weights) or not weights:
        return largest_remainder(total, weights)
    return [*(0 for _ in weights[1:]), total]


def _hand_out_lines(lines: Sequence[ShareableLine], everybody: Sequence[_Part]) -> None:
    """Split each line over those who have a claim on it; the last of them is nobody."""
    seats = {seat for part in everybody if part.spec for seat in part.spec.seats}
    seats.update(seat for line in lines for seat in line.seats)
    for line in lines:
        claims = _claims(line, everybody, frozenset(seats))
        frozen = [part.frozen.lines.get(line.key, 0) if part.frozen else None for part in everybody]
        amounts = _split_beside_frozen(line.amount, claims, frozen)
        bases = largest_remainder(line.service_base, amounts)
        for part, claim, amount, base in zip(everybody, claims, amounts, bases, strict=True):
            part.service_base += base
            # A share keeps its lines of £0 too: that it has paid for them is what settles them.
            if amount or (claim and part.spec):
                part.lines[line.key] = amount


def _claims(line: ShareableLine, everybody: Sequence[_Part], all_seats: frozenset[int]) -> list[int]:
    """Weigh the claims on a line: by item first, and the units that nobody named by seat."""
    by_item = [_units_named(line, part.spec) for part in everybody]
    units_left = max(0, line.units - sum(by_item))
    by_seat = _seat_claims(line, everybody, all_seats)
    seat_weight = sum(by_seat)
    if not seat_weight:
        by_seat, seat_weight = [0] * (len(everybody) - 1) + [1], 1
    return [units * seat_weight + units_left * weight for units, weight in zip(by_item, by_seat, strict=True)]


def _units_named(line: ShareableLine, spec: ShareSpec | None) -> int:
    if spec is None or spec.kind != ShareKind.ITEM or (spec.paid is not None and not spec.has_paid_for(line.key)):
        return 0
    return spec.lines.get(line.key, 0)


def _seat_claims(line: ShareableLine, everybody: Sequence[_Part], all_seats: frozenset[int]) -> list[int]:
    """Count each share's seats on the line, nobody's last.

    A seat that has paid for the line is done with it; a seat that has paid and left does not share what came later; a
    seat without any share leaves its part to nobody.
    """
    seat_shares = [part.spec for part in everybody if part.spec and part.spec.kind == ShareKind.SEAT]
    if not seat_shares:
        return [0] * len(everybody)
    on_line = frozenset(line.seats) or all_seats
    done = {seat for spec in seat_shares if spec.has_paid_for(line.key) for seat in spec.seats}
    planned = {seat for spec in seat_shares for seat in spec.seats}
    wanted = on_line - done
    paid_for = sum(spec.paid.lines.get(line.key, 0) for spec in seat_shares if spec.paid)
    if not wanted and line.amount > paid_for:
        # The line has grown since all its seats paid: those of them who have an open share again take the growth.
        wanted = on_line
    claims = []
    for part in everybody:
        spec = part.spec
        if spec is None:
            claims.append(len(wanted - planned))
        elif spec.kind != ShareKind.SEAT:
            claims.append(0)
        elif spec.paid is None:
            claims.append(len(wanted.intersection(spec.seats)))
        else:
            claims.append(len(on_line.intersection(spec.seats)) if spec.has_paid_for(line.key) else 0)
    return claims
