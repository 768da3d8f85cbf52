"""A bill as a card machine prints it: what stands above the order and below it."""

from datetime import datetime
from typing import Any

from dojo_integration.wire.order import percentage
from orders.models import Order
from pos.models import ServiceKind, Venue
from pos.money import format_money

Line = dict[str, Any]


def render_header(order: Order, venue: Venue, now: datetime) -> dict[str, Any]:
    """Who the guests are paying, and for which table."""
    lines = [_line("MerchantName", "merchantName", {"name": venue.name})]
    if venue.address_lines or venue.postcode:
        address = {"addressLines": list(venue.address_lines), "postcode": venue.postcode}
        lines.append(_line("MerchantAddress", "merchantAddress", address))
    if venue.phone:
        lines.append(_line("MerchantPhoneNumber", "merchantPhoneNumber", {"phoneNumber": venue.phone}))
    if venue.email:
        lines.append(_line("MerchantEmailAddress", "merchantEmailAddress", {"emailAddress": venue.email}))
    lines.append(_rule())
    lines.append(_text(order.display_name, size="Header2", align="Center", bold=True))
    lines += [_text(words) for words in _about(order, venue, now)]
    lines.append(_rule())
    return {"lines": lines}


def render_footer(order: Order, venue: Venue) -> dict[str, Any]:
    """Service, VAT, what is paid and what is left, and a thank you."""
    lines = [_rule(), _text(_service(order, venue))]
    lines += [_text(words) for words in _vat(order, venue)]
    lines += [_text(words) for words in _paid(order)]
    lines.append(_text(f"To pay {format_money(order.outstanding, order.currency)}", size="Header2", bold=True))
    lines.append(_rule())
    if venue.bill_footer:
        lines.append(_text(venue.bill_footer, align="Center"))
    if venue.website:
        lines.append(_line("URL", "url", _url(venue.website)))
    if venue.vat_number:
        lines.append(_line("TaxNumber", "taxNumber", {"name": "VAT", "number": venue.vat_number}))
    return {"lines": lines}


def _about(order: Order, venue: Venue, now: datetime) -> list[str]:
    words = [f"Order {order.reference or order.number}"]
    if order.table is not None and order.table.name not in order.display_name:
        words.append(order.table.name)
    if order.covers:
        words.append("1 cover" if order.covers == 1 else f"{order.covers} covers")
    if order.waiter is not None:
        words.append(f"Served by {order.waiter.staff.name}")
    return [*words, f"{now.astimezone(venue.zone):%d/%m/%Y %H:%M}"]


def _service(order: Order, venue: Venue) -> str:
    if not order.service_amount:
        return "Service is not included."
    amount = format_money(order.service_amount, order.currency)
    if venue.service_kind == ServiceKind.COMPULSORY:
        return f"A service charge of {amount} is included."
    return f"A service charge of {amount} is included. It is discretionary: ask us to take it off."


def _vat(order: Order, venue: Venue) -> list[str]:
    of = "in" if venue.tax_inclusive else "on"
    return [
        f"VAT {percentage(rate)} {of} {format_money(base + amount if venue.tax_inclusive else base, order.currency)}: "
        f"{format_money(amount, order.currency)}"
        for rate, base, amount in order.tax_lines
    ]


def _paid(order: Order) -> list[str]:
    words = [f"Total {format_money(order.total_amount, order.currency)}"]
    if order.paid_amount:
        words.append(f"Paid {format_money(order.paid_amount, order.currency)}")
    return words


def _url(address: str) -> dict[str, Any]:
    # The two contracts spell these differently; each reader finds its own.
    return {"url": address, "showQr": True, "showQR": True, "showUrl": True, "showURL": True}


def _text(value: str, *, size: str = "Body", align: str = "Left", bold: bool = False) -> Line:
    return _line("Text", "text", {"value": value, "size": size, "align": align, "bold": bold})


def _rule() -> Line:
    return _line("HorizontalLine", "horizontalLine", {"line": "Single"})


def _line(line_type: str, name: str, content: dict[str, Any]) -> Line:
    return {"lineType": line_type, name: content}
