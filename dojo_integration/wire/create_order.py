"""CreateOrder's params: the contract's spellings, and the ones seen in Dojo's own samples."""

from collections.abc import Iterator, Mapping
from typing import Any

from rest_framework.exceptions import ValidationError

from dojo_integration.wire.fields import (
    LARGEST_AMOUNT,
    Amount,
    FreeText,
    Identifier,
    Moment,
    MoneyIn,
    OneOf,
    PaidMoneyIn,
    Quantity,
    RequestSerializer,
    SignedMoneyIn,
    Text,
    WholeNumber,
    YesNo,
    many,
    renamed,
)
from orders.models import OrderType
from orders.services.dojo_lines import NewDiscount, NewItem, NewModifier, NewSubItem
from orders.services.dojo_orders import NewCustomer, NewDojoOrder, NewPayment

MOST_ITEMS = 500
MOST_PARTS = 100
NAME_LENGTH = 200
NOTE_LENGTH = 500
ORDER_NOTE_LENGTH = 5_000


class ModifierIn(RequestSerializer):
    name = FreeText(max_length=NAME_LENGTH)
    plu = Text(max_length=120, allow_blank=True)
    quantity = Quantity(help_text="Per single item: two burgers with double cheese have 2 here, not 4.")
    amountPerModifier = SignedMoneyIn(source="money", help_text="The price of one.")

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        return super().to_internal_value(renamed(data, "amountPerItem", "amountPerModifier"))


class SubItemIn(RequestSerializer):
    name = FreeText(max_length=NAME_LENGTH)
    plu = Text(max_length=120, allow_blank=True)
    quantity = Quantity()
    amountPerItem = MoneyIn(source="money", help_text="The price of one, without its item and its modifiers.")
    note = FreeText(required=False, max_length=NOTE_LENGTH)
    modifiers = many(ModifierIn(), MOST_PARTS, required=False)


class ItemIn(SubItemIn):
    subItems = many(SubItemIn(), MOST_PARTS, source="sub_items", required=False)


class DiscountIn(RequestSerializer):
    name = FreeText(max_length=NAME_LENGTH)
    amountTotal = MoneyIn(source="money", required=False, help_text="What it takes off in all.")
    # The samples' {amount, value, isPercentage}: value is the percentage, or the amount itself.
    amount = Amount(required=False)
    value = Amount(required=False)
    isPercentage = YesNo(source="is_percentage", required=False)
    amountPercentage = WholeNumber(
        source="percent", required=False, min_value=0, max_value=10_000, help_text="Hundredths of a percent."
    )
    affectedPlu = Text(source="affected_plu", required=False, allow_blank=True, max_length=120)
    discountReference = Text(source="reference", required=False, allow_blank=True, max_length=120)
    code = Text(required=False, allow_blank=True, max_length=120)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        return super().to_internal_value(renamed(data, "discountCode", "code"))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        is_percentage = attrs.pop("is_percentage", False)
        value = attrs.pop("value", None)
        amount = attrs.pop("amount", None)
        if is_percentage and value is not None and value <= 10_000:
            attrs.setdefault("percent", value)
        if not is_percentage and amount is None:
            amount = value
        if "money" in attrs:
            attrs["amount"] = attrs["money"]["value"]
        elif amount is not None:
            attrs["amount"] = amount
        else:
            raise ValidationError({"amountTotal": ["This field is required."]})
        return attrs


class PaymentIn(RequestSerializer):
    paymentIntentId = Identifier(source="payment_intent_id", required=False)
    paidAmount = PaidMoneyIn(source="paid")
    tipsAmount = MoneyIn(source="tips", required=False)


class TaxLineIn(RequestSerializer):
    id = FreeText(required=False, max_length=60)
    name = FreeText(required=False, max_length=100)
    affectedPlu = Text(source="affected_plu", required=False, allow_blank=True, max_length=120)
    amountPercentage = WholeNumber(source="percent", required=False, min_value=0, max_value=100_000)
    amountTotal = SignedMoneyIn(source="money")


class CustomerIn(RequestSerializer):
    id = Identifier(required=False, allow_blank=True)
    name = FreeText(required=False, max_length=120)
    emailAddress = Text(source="email", required=False, allow_blank=True, max_length=254)
    phoneNumber = FreeText(source="phone", required=False, max_length=50)


class DineInIn(RequestSerializer):
    tableId = Text(source="table_code", required=False, allow_blank=True, max_length=120)
    waiterId = Text(source="waiter_id", required=False, allow_blank=True, max_length=120)
    partyId = Text(source="party_id", required=False, allow_blank=True, max_length=120)
    reservationId = Text(source="reservation_id", required=False, allow_blank=True, max_length=120)
    readyAt = Moment(source="ready_at", required=False)


class CollectionIn(RequestSerializer):
    asap = YesNo(required=False)
    collectAt = Moment(source="collect_at", required=False)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        return super().to_internal_value(renamed(data, "collectionTime", "collectAt"))


class DetailsIn(RequestSerializer):
    orderType = OneOf(source="order_type", choices=OrderType.values)
    dineIn = DineInIn(source="dine_in", required=False)
    collection = CollectionIn(required=False)


class CreateOrderIn(RequestSerializer):
    dojoOrderId = Identifier(source="dojo_order_id", help_text="Makes one order, however often it is sent.")
    details = DetailsIn(help_text="Where and for whom: dine in or collection.")
    items = many(ItemIn(), MOST_ITEMS, help_text="What was ordered, at the prices the guest saw.")
    totalAmount = MoneyIn(source="total", help_text="With service charge, without tips: what the guest was shown.")
    payments = many(PaymentIn(), MOST_PARTS, help_text="What the guest has paid already; may be empty.")
    note = FreeText(required=False, max_length=ORDER_NOTE_LENGTH, help_text="For the whole order.")
    customer = CustomerIn(required=False, help_text="Who ordered, as far as known.")
    discounts = many(DiscountIn(), MOST_PARTS, required=False, help_text="What was taken off the items.")
    taxLines = many(
        TaxLineIn(),
        MOST_PARTS,
        source="tax_lines",
        required=False,
        help_text="Read and let be: the venue reckons its own tax.",
    )
    serviceChargeAmount = MoneyIn(source="service", required=False, help_text="Already in totalAmount.")
    reference = FreeText(required=False, max_length=120, help_text="The number the guest was told.")
    displayName = FreeText(
        source="display_name",
        required=False,
        max_length=1_000,
        help_text="What to call it; shortened to 24 characters.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        currency = attrs["total"]["currency"]
        for path, money in _all_money(attrs):
            if money["currency"] != currency:
                raise ValidationError({path: [f"This is in {money['currency']}, the total in {currency}."]})
        if _gross(attrs["items"]) > LARGEST_AMOUNT:
            raise ValidationError({"items": ["Together they cost more than any order can."]})
        return attrs

    def arguments(self, valid: dict[str, Any]) -> dict[str, Any]:
        return {"request": _new_order(valid)}


def _all_money(attrs: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if "service" in attrs:
        yield "serviceChargeAmount", attrs["service"]
    for index, item in enumerate(attrs["items"]):
        yield from _item_money(f"items[{index}]", item)
        for part_index, part in enumerate(item.get("sub_items", ())):
            yield from _item_money(f"items[{index}].subItems[{part_index}]", part)
    for index, payment in enumerate(attrs["payments"]):
        yield f"payments[{index}].paidAmount", payment["paid"]
        if "tips" in payment:
            yield f"payments[{index}].tipsAmount", payment["tips"]
    for index, discount in enumerate(attrs.get("discounts", ())):
        if "money" in discount:
            yield f"discounts[{index}].amountTotal", discount["money"]
    for index, tax_line in enumerate(attrs.get("tax_lines", ())):
        yield f"taxLines[{index}].amountTotal", tax_line["money"]


def _item_money(path: str, item: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield f"{path}.amountPerItem", item["money"]
    for index, modifier in enumerate(item.get("modifiers", ())):
        yield f"{path}.modifiers[{index}].amountPerModifier", modifier["money"]


def _gross(items: list[dict[str, Any]]) -> int:
    """The most that the items can come to, to keep every sum inside a bigint."""
    return sum(item["quantity"] * (_each(item) + _gross(item.get("sub_items", []))) for item in items)


def _each(item: Mapping[str, Any]) -> int:
    modifiers = item.get("modifiers", ())
    return item["money"]["value"] + sum(abs(part["quantity"] * part["money"]["value"]) for part in modifiers)


def _new_order(valid: Mapping[str, Any]) -> NewDojoOrder:
    details = valid["details"]
    dine_in = details.get("dine_in", {})
    collection = details.get("collection", {})
    service = valid.get("service")
    return NewDojoOrder(
        dojo_order_id=valid["dojo_order_id"],
        order_type=OrderType(details["order_type"]),
        items=tuple(_new_item(item) for item in valid["items"]),
        total_amount=valid["total"]["value"],
        currency=valid["total"]["currency"],
        payments=tuple(_new_payment(payment) for payment in valid["payments"]),
        table_code=dine_in.get("table_code") or None,
        waiter_id=dine_in.get("waiter_id") or None,
        party_id=dine_in.get("party_id") or None,
        reservation_id=dine_in.get("reservation_id") or None,
        ready_at=dine_in.get("ready_at"),
        collect_at=collection.get("collect_at"),
        asap=collection.get("asap"),
        note=valid.get("note", ""),
        customer=_new_customer(valid.get("customer", {})),
        discounts=tuple(_new_discount(discount) for discount in valid.get("discounts", ())),
        service_charge_amount=service["value"] if service else None,
        reference=valid.get("reference", ""),
        display_name=valid.get("display_name", ""),
    )


def _new_item(item: Mapping[str, Any]) -> NewItem:
    return NewItem(
        name=item["name"],
        plu=item["plu"],
        quantity=item["quantity"],
        unit_price=item["money"]["value"],
        note=item.get("note", ""),
        modifiers=_new_modifiers(item),
        sub_items=tuple(
            NewSubItem(
                name=part["name"],
                plu=part["plu"],
                quantity=part["quantity"],
                price=part["money"]["value"],
                note=part.get("note", ""),
                modifiers=_new_modifiers(part),
            )
            for part in item.get("sub_items", ())
        ),
    )


def _new_modifiers(item: Mapping[str, Any]) -> tuple[NewModifier, ...]:
    return tuple(
        NewModifier(
            name=modifier["name"], plu=modifier["plu"], quantity=modifier["quantity"], price=modifier["money"]["value"]
        )
        for modifier in item.get("modifiers", ())
    )


def _new_payment(payment: Mapping[str, Any]) -> NewPayment:
    tips = payment.get("tips")
    return NewPayment(
        payment_intent_id=payment.get("payment_intent_id"),
        paid_amount=payment["paid"]["value"],
        tips_amount=tips["value"] if tips else 0,
    )


def _new_customer(customer: Mapping[str, Any]) -> NewCustomer:
    return NewCustomer(
        id=customer.get("id", ""),
        name=customer.get("name", ""),
        email=customer.get("email", ""),
        phone=customer.get("phone", ""),
    )


def _new_discount(discount: Mapping[str, Any]) -> NewDiscount:
    return NewDiscount(
        name=discount["name"],
        amount=discount["amount"],
        percent=discount.get("percent"),
        affected_plu=discount.get("affected_plu", ""),
        reference=discount.get("reference", ""),
        code=discount.get("code", ""),
    )
