"""The private step that keeps a plan of shares in step with its bill, in money."""

from django.db.models import Sum

from orders import pricing, shares
from orders.models import Order, OrderLine, OrderShare, ShareKind, ShareLine


def replan_shares(order: Order, lines: list[OrderLine], totals: pricing.Totals) -> bool:
    """Recompute the unpaid shares; say whether the service waived changed, so that the bill is priced again."""
    rows = list(order.shares.prefetch_related("share_lines"))
    if not rows:
        return False
    allocation = allocate(order, lines, totals, rows)
    if allocation.unassigned.total and order.is_open:
        # Lines came that nobody in the plan pays for: they become a share of their own.
        rows.append(_add_rest_share(order, rows))
        allocation = allocate(order, lines, totals, rows)
    for row in rows:
        if not row.is_paid:
            keep_amounts(row, allocation.shares[str(row.pk)])
    if allocation.waived == order.service_waived:
        return False
    order.service_waived = allocation.waived
    return True


def allocate(order: Order, lines: list[OrderLine], totals: pricing.Totals, rows: list[OrderShare]) -> shares.Allocation:
    """What each share of the plan pays now."""
    return shares.allocate(
        [_shareable(line, money) for line, money in zip(lines, totals.lines, strict=True)],
        [_spec(row) for row in rows],
        service=totals.service_owed + totals.service_waived,
        paid=order.paid_amount,
        paid_service=order.payments.aggregate(part=Sum("service_part", default=0))["part"],
        difference=order.price_difference,
    )


def keep_amounts(row: OrderShare, amount: shares.ShareAmount) -> None:
    """Write a share's money down; its lines with it, so that what is paid stays frozen as it was."""
    row.goods_amount = amount.goods
    row.service_amount = amount.service
    row.waived_amount = amount.waived
    row.total_amount = amount.total
    row.save(update_fields=["goods_amount", "service_amount", "waived_amount", "total_amount", "is_paid"])
    known = {share_line.line_id: share_line for share_line in row.share_lines.all()}
    for line_id, part in amount.lines.items():
        share_line = known.pop(line_id, None)
        if share_line is None:
            ShareLine.objects.create(share=row, line_id=line_id, weight=_computed_weight(row), amount=part)
        elif share_line.amount != part:
            share_line.amount = part
            share_line.save(update_fields=["amount"])
    stale = [share_line.pk for share_line in known.values() if row.kind != ShareKind.ITEM]
    ShareLine.objects.filter(pk__in=stale).delete()


def _computed_weight(row: OrderShare) -> int:
    # Only a share by item names units; the lines of the others follow from their seats.
    return 1 if row.kind == ShareKind.ITEM else 0


def _shareable(line: OrderLine, money: pricing.LineTotals) -> shares.ShareableLine:
    return shares.ShareableLine(
        key=line.pk,
        amount=money.owed,
        service_base=money.service_base,
        seats=tuple(line.seats),
        units=line.quantity,
    )


def _spec(row: OrderShare) -> shares.ShareSpec:
    lines = list(row.share_lines.all())
    frozen = None
    if row.is_paid:
        frozen = shares.ShareAmount(
            goods=row.goods_amount,
            service=row.service_amount,
            waived=row.waived_amount,
            lines={line.line_id: line.amount for line in lines},
        )
    return shares.ShareSpec(
        key=str(row.pk),
        kind=shares.ShareKind(row.kind),
        seats=tuple(row.seats),
        weight=row.weight,
        fixed_amount=row.fixed_amount,
        lines={line.line_id: line.weight for line in lines if line.weight} if row.kind == ShareKind.ITEM else {},
        service_removed=row.service_removed,
        paid=frozen,
    )


def _add_rest_share(order: Order, rows: list[OrderShare]) -> OrderShare:
    number = 1 + max(row.number for row in rows)
    return OrderShare.objects.create(order=order, number=number, kind=ShareKind.AMOUNT, label="The rest")
