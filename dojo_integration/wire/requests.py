"""The params of what is asked about orders (save for CreateOrder), rooms and tables: path and body in one."""

from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import ValidationError

from dojo_integration.cursors import LARGEST_PAGE, PageAsk
from dojo_integration.wire.fields import (
    Identifier,
    Moment,
    MoneyIn,
    PaidMoneyIn,
    RequestSerializer,
    Text,
    WholeNumber,
    YesNo,
)


class NothingIn(RequestSerializer):
    """A capability without params."""


class CursorIn(RequestSerializer):
    limit = WholeNumber(required=False, min_value=1, max_value=LARGEST_PAGE, help_text="How many at most, 1 to 100.")
    before = Text(required=False, help_text="The cursor of the previous page; not together with `after`.")
    after = Text(required=False, help_text="The cursor of the next page; not together with `before`.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "before" in attrs and "after" in attrs:
            raise ValidationError({"before": ["Only one of before and after can be asked for."]})
        return attrs


def page_ask(valid: Mapping[str, Any]) -> PageAsk:
    return PageAsk(**valid.get("cursor", {}))


class DineInFilterIn(RequestSerializer):
    tableId = Text(source="table_id", required=False, allow_blank=True, help_text="Orders of this table.")
    waiterId = Text(source="waiter_id", required=False, allow_blank=True, help_text="Orders of this waiter.")
    partyId = Text(source="party_id", required=False, allow_blank=True, help_text="Orders of this party.")
    reservationId = Text(
        source="reservation_id", required=False, allow_blank=True, help_text="Pre-orders for this reservation."
    )


class SearchOrdersIn(RequestSerializer):
    dineIn = DineInFilterIn(source="dine_in", required=False, help_text="Filters; an order must fit all of them.")
    payableOnly = YesNo(source="payable_only", required=False, help_text="Only orders that still owe something.")
    cursor = CursorIn(required=False)

    def arguments(self, valid: dict[str, Any]) -> dict[str, Any]:
        return {
            **valid.get("dine_in", {}),
            "payable_only": valid.get("payable_only", False),
            "ask": page_ask(valid),
        }


class SearchTablesIn(RequestSerializer):
    areaId = Text(source="area_id", required=False, allow_blank=True, help_text="Tables in this area.")
    waiterId = Text(source="waiter_id", required=False, allow_blank=True, help_text="Tables this waiter serves.")
    cursor = CursorIn(required=False)

    def arguments(self, valid: dict[str, Any]) -> dict[str, Any]:
        filters: dict[str, Any] = {name: valid[name] for name in ("area_id", "waiter_id") if name in valid}
        return {**filters, "ask": page_ask(valid)}


class OrderIn(RequestSerializer):
    orderId = Identifier(source="order_id", help_text="The order's id.")


class CreateOrderLockIn(OrderIn):
    lockId = Identifier(source="lock_id", help_text="Dojo's id of the lock; the same one again changes nothing.")
    expiry = Moment(help_text="When the lock lapses by itself.")


class ExtendOrderLockIn(CreateOrderLockIn):
    """The same params; the lock exists, or existed until a moment ago."""


class DeleteOrderLockIn(OrderIn):
    lockId = Identifier(source="lock_id", help_text="Dojo's id of the lock.")


class RecordOrderPaymentIn(OrderIn):
    paymentIntentId = Identifier(source="payment_intent_id", help_text="Counts once, however often it is sent.")
    paidAmount = PaidMoneyIn(source="paid", help_text="Without the tip, with its part of the service charge.")
    tipsAmount = MoneyIn(source="tips", required=False, help_text="The tip, on top of paidAmount.")
    lockId = Identifier(source="lock_id", required=False, allow_blank=True, help_text="The lock it was paid under.")

    def arguments(self, valid: dict[str, Any]) -> dict[str, Any]:
        tips = valid.get("tips")
        return {
            "order_id": valid["order_id"],
            "payment_intent_id": valid["payment_intent_id"],
            "paid_amount": valid["paid"]["value"],
            "currency": valid["paid"]["currency"],
            "tips_amount": tips["value"] if tips else 0,
            "tips_currency": tips["currency"] if tips else None,
            "lock_id": valid.get("lock_id") or None,
        }
