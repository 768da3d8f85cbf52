"""What an order costs: lines, discounts and service in, totals out. Pure, and in whole pence or cents only.

The order of computation is the product's law, each step half-up to the minor unit:

1. a line is quantity × (unit + modifiers + sub-items with theirs);
2. less its own discounts, never below zero;
3. less the order's discounts, spread over the goods by largest remainder;
4. plus tax where prices are without it; elsewhere the tax that the prices contain is only stated; once per rate;
5. plus service on the discounted goods: discretionary is outside VAT, compulsory carries the rates of the goods;
6. is the total. Tips are never in it.

Voucher sales are a liability and container deposits are passed on: both stand outside discounts, service and VAT.
Amounts that make no sense (a modifier that makes a dish cheaper than free, a discount below nothing) count as zero:
what an order costs has an answer for whatever a partner sends, and a difference to their sum is shown to a manager.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pos.money import largest_remainder, percent_of, tax_contained


class LineKind(StrEnum):
    GOODS = "goods"
    VOUCHER = "voucher"
    CONTAINER_DEPOSIT = "container_deposit"


class ServiceKind(StrEnum):
    NONE = "none"
    DISCRETIONARY = "discretionary"
    COMPULSORY = "compulsory"


@dataclass(frozen=True, slots=True)
class PricedModifier:
    """What is changed about one item; the quantity is per single item, the price may be negative."""

    quantity: int
    price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedSubItem:
    """A part of a combo: `price` is its supplement in the combo, `standalone_price` what it costs when sold alone."""

    quantity: int
    price: int
    vat_rate: int
    standalone_price: int | None = None
    modifiers: tuple[PricedModifier, ...] = ()

    @property
    def amount(self) -> int:
        return self.quantity * (self.price + _sum_of(self.modifiers))

    @property
    def amount_alone(self) -> int:
        """What the guest would pay for it outside the combo, as chosen: this is its weight for VAT."""
        price = self.price if self.standalone_price is None else self.standalone_price
        return max(0, self.quantity * (price + _sum_of(self.modifiers)))


@dataclass(frozen=True, slots=True)
class PricedDiscount:
    """Something off: a fixed amount or a percentage, never both. Discounts of one key are summed in the totals."""

    key: str
    amount: int | None = None
    percent: int | None = None

    def __post_init__(self) -> None:
        if (self.amount is None) == (self.percent is None):
            raise ValueError(f"discount {self.key!r} needs an amount or a percentage, and not both")

    def taken_from(self, left: int) -> int:
        """Return what it really takes from what is left: never more than that, never less than nothing."""
        asked = self.amount if self.amount is not None else percent_of(left, self.percent or 0)
        return max(0, min(asked, left))


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """A line as ordered. `free` is a comp; `set_price` is what the staff-meal rule charges for the whole line."""

    key: str
    quantity: int
    unit_price: int
    vat_rate: int
    modifiers: tuple[PricedModifier, ...] = ()
    sub_items: tuple[PricedSubItem, ...] = ()
    kind: LineKind = LineKind.GOODS
    discounts: tuple[PricedDiscount, ...] = ()
    free: bool = False
    set_price: int | None = None

    @property
    def menu_amount(self) -> int:
        each = self.unit_price + _sum_of(self.modifiers) + sum(sub_item.amount for sub_item in self.sub_items)
        return max(0, self.quantity * each)

    @property
    def charged(self) -> int:
        """What the guest is charged before any discount."""
        if self.free:
            return 0
        return self.menu_amount if self.set_price is None else max(0, self.set_price)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The service charge: a rate of the goods, or the amount that Dojo stated. `waived` is what shares took off."""

    kind: ServiceKind = ServiceKind.NONE
    rate: int = 0
    fixed: int | None = None
    waived: int = 0

    def full_charge_on(self, goods: int) -> int:
        """Return the charge before shares took anything off it."""
        if self.kind == ServiceKind.NONE:
            return 0
        return percent_of(goods, self.rate) if self.fixed is None else max(0, self.fixed)


NO_SERVICE = Service()


@dataclass(frozen=True, slots=True)
class TaxLine:
    """Tax of one rate: `base` is the taxable amount without the tax, also where prices include it."""

    rate: int
    base: int
    amount: int

    @property
    def gross(self) -> int:
        return self.base + self.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTotals:
    """A line's money: gross = given_away + line_discount + order_discount + net."""

    key: str
    kind: LineKind
    gross: int
    given_away: int
    line_discount: int
    order_discount: int
    net: int
    """What the guest owes for it, before service and before tax that is added."""
    service_base: int
    """The part of `net` on which service is reckoned: all of it for goods, else nothing."""
    tax_lines: tuple[TaxLine, ...]
    owed: int
    """What the guest owes for it with the tax that is added: the amount that shares split."""

    @property
    def tax(self) -> int:
        return sum(tax_line.amount for tax_line in self.tax_lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """An order's money. total = goods + vouchers + deposits + tax_added + service_charge = Σ owed + service_owed."""

    lines: tuple[LineTotals, ...]
    discounts: dict[str, int]
    """What each discount really took, by its key."""
    goods_total: int
    """Goods after discounts; before them it is goods_total + discount_total + what was given away of goods."""
    voucher_total: int
    deposit_total: int
    discount_total: int
    given_away_total: int
    service_charge: int
    """Without tax that is added to it."""
    service_owed: int
    """With it. Shares split this and what they took off it."""
    service_waived: int
    """What shares took off it in fact: never more than there was."""
    tax_lines: tuple[TaxLine, ...]
    """Goods and compulsory service, one row per rate, highest first."""
    service_tax_lines: tuple[TaxLine, ...]
    """The part of `tax_lines` that is compulsory service."""
    tax_total: int
    tax_added: int
    """tax_total where prices are without tax, else 0."""
    total: int


@dataclass(slots=True)
class _OpenLine:
    """A line while its discounts are being taken."""

    line: PricedLine
    line_discount: int = 0
    order_discount: int = 0

    @property
    def left(self) -> int:
        return self.line.charged - self.line_discount - self.order_discount

    @property
    def is_goods(self) -> bool:
        return self.line.kind == LineKind.GOODS


@dataclass(slots=True)
class _Taxes:
    """Tax by rate: of the whole order, of each line, of the service."""

    order: list[TaxLine] = field(default_factory=list)
    lines: list[list[TaxLine]] = field(default_factory=list)
    service: list[TaxLine] = field(default_factory=list)


def price(
    lines: Sequence[PricedLine],
    order_discounts: Sequence[PricedDiscount],
    service: Service,
    *,
    tax_inclusive: bool,
) -> Totals:
    """Work out what the guests owe, line by line and in all."""
    open_lines = [_OpenLine(line) for line in lines]
    taken = _take_line_discounts(open_lines)
    _take_order_discounts(open_lines, order_discounts, taken)

    portions = [_portions_by_rate(open_line) for open_line in open_lines]
    full_charge = service.full_charge_on(sum(open_line.left for open_line in open_lines if open_line.is_goods))
    charge = max(0, full_charge - service.waived)
    service_portions = _service_by_rate(charge, portions) if service.kind == ServiceKind.COMPULSORY else {}
    taxes = _taxes(portions, service_portions, tax_inclusive=tax_inclusive)

    priced = tuple(
        _line_totals(open_line, tax_lines, tax_inclusive=tax_inclusive)
        for open_line, tax_lines in zip(open_lines, taxes.lines, strict=True)
    )
    tax_total = sum(tax_line.amount for tax_line in taxes.order)
    service_tax = sum(tax_line.amount for tax_line in taxes.service)
    service_owed = charge if tax_inclusive else charge + service_tax
    return Totals(
        lines=priced,
        discounts=taken,
        goods_total=_net_of(priced, LineKind.GOODS),
        voucher_total=_net_of(priced, LineKind.VOUCHER),
        deposit_total=_net_of(priced, LineKind.CONTAINER_DEPOSIT),
        discount_total=sum(taken.values()),
        given_away_total=sum(line.given_away for line in priced),
        service_charge=charge,
        service_owed=service_owed,
        service_waived=full_charge - charge,
        tax_lines=tuple(taxes.order),
        service_tax_lines=tuple(taxes.service),
        tax_total=tax_total,
        tax_added=0 if tax_inclusive else tax_total,
        total=sum(line.owed for line in priced) + service_owed,
    )


def vat_breakdown(bills: Iterable[Totals]) -> tuple[TaxLine, ...]:
    """Sum what the bills of a period state, rate by rate, highest first: the VAT part of a Z report.

    The stated amounts are summed and never reckoned again from the sum: the report must equal the bills.
    """
    by_rate: dict[int, TaxLine] = {}
    for tax_line in (tax_line for bill in bills for tax_line in bill.tax_lines):
        so_far = by_rate.get(tax_line.rate, TaxLine(tax_line.rate, 0, 0))
        by_rate[tax_line.rate] = TaxLine(tax_line.rate, so_far.base + tax_line.base, so_far.amount + tax_line.amount)
    return tuple(by_rate[rate] for rate in sorted(by_rate, reverse=True))


def _sum_of(modifiers: tuple[PricedModifier, ...]) -> int:
    return sum(modifier.quantity * modifier.price for modifier in modifiers)


def _net_of(lines: Sequence[LineTotals], kind: LineKind) -> int:
    return sum(line.net for line in lines if line.kind == kind)


def _take_line_discounts(open_lines: Sequence[_OpenLine]) -> dict[str, int]:
    """Take each line's discounts in their order; a later percentage is of what the earlier ones left."""
    taken: dict[str, int] = {}
    for open_line in open_lines:
        for discount in open_line.line.discounts:
            amount = discount.taken_from(open_line.left) if open_line.is_goods else 0
            open_line.line_discount += amount
            taken[discount.key] = taken.get(discount.key, 0) + amount
    return taken


def _take_order_discounts(
    open_lines: Sequence[_OpenLine], discounts: Sequence[PricedDiscount], taken: dict[str, int]
) -> None:
    """Take the order's discounts in their order, then spread them over the goods in one go: one rounding, not many."""
    goods = [open_line for open_line in open_lines if open_line.is_goods]
    lefts = [open_line.left for open_line in goods]
    left = sum(lefts)
    for discount in discounts:
        amount = discount.taken_from(left)
        left -= amount
        taken[discount.key] = taken.get(discount.key, 0) + amount
    for open_line, part in zip(goods, largest_remainder(sum(lefts) - left, lefts), strict=True):
        open_line.order_discount = part


def _portions_by_rate(open_line: _OpenLine) -> dict[int, int]:
    """Split a line over the rates in it: a combo by what its parts cost alone, anything else at the line's own rate."""
    line = open_line.line
    if not open_line.is_goods:
        return {}
    weights = [sub_item.amount_alone for sub_item in line.sub_items]
    if not any(weights):
        return {line.vat_rate: open_line.left}
    portions: dict[int, int] = {}
    for sub_item, part in zip(line.sub_items, largest_remainder(open_line.left, weights), strict=True):
        portions[sub_item.vat_rate] = portions.get(sub_item.vat_rate, 0) + part
    return portions


def _service_by_rate(charge: int, portions: Sequence[dict[int, int]]) -> dict[int, int]:
    """Split a compulsory charge over the rates of the goods that it is for."""
    rates = _rates_in(portions)
    if not rates:
        return {}
    goods = [sum(portion.get(rate, 0) for portion in portions) for rate in rates]
    return dict(zip(rates, largest_remainder(charge, goods), strict=True))


def _rates_in(portions: Sequence[dict[int, int]]) -> list[int]:
    """Highest first, whatever the order of the lines: the same goods are taxed the same."""
    return sorted({rate for portion in portions for rate in portion}, reverse=True)


def _taxes(portions: Sequence[dict[int, int]], service: dict[int, int], *, tax_inclusive: bool) -> _Taxes:
    """Reckon the tax once per rate, then tell each line and the service its part of it."""
    taxes = _Taxes(lines=[[] for _ in portions])
    for rate in _rates_in(portions):
        amounts = [portion.get(rate, 0) for portion in portions] + [service.get(rate, 0)]
        whole = sum(amounts)
        tax = tax_contained(whole, rate) if tax_inclusive else percent_of(whole, rate)
        # The order's row takes part as one more owner, of the whole: all rows are made in one way.
        owners = [*taxes.lines, taxes.service, taxes.order]
        parts = largest_remainder(tax, amounts)
        for owner, amount, part in zip(owners, [*amounts, whole], [*parts, tax], strict=True):
            if amount:
                owner.append(TaxLine(rate, amount - part if tax_inclusive else amount, part))
    return taxes


def _line_totals(open_line: _OpenLine, tax_lines: list[TaxLine], *, tax_inclusive: bool) -> LineTotals:
    line = open_line.line
    net = open_line.left
    # A price rule above the menu's price is still what was sold: nothing was given away then.
    gross = max(line.menu_amount, line.charged)
    return LineTotals(
        key=line.key,
        kind=line.kind,
        gross=gross,
        given_away=gross - line.charged,
        line_discount=open_line.line_discount,
        order_discount=open_line.order_discount,
        net=net,
        service_base=net if open_line.is_goods else 0,
        tax_lines=tuple(tax_lines),
        owed=net if tax_inclusive else net + sum(tax_line.amount for tax_line in tax_lines),
    )
