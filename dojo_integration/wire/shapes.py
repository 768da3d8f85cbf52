"""What Dojo reads, described once: the shape of every answer, for the API document and for the tests.

Nothing is rendered from here; rendering writes plain dicts, because it is done on every request. That both say the
same is proven instead: in the tests every answer is held against the document that is made from these.
"""

from typing import Any

from rest_framework import serializers

from dojo_integration.wire import errors
from orders.models import OrderStatus, OrderType
from pos.money import CURRENCIES

Answer = serializers.BaseSerializer[Any]


class AnswerSerializer(serializers.Serializer[Any]):
    """An object in an answer: these fields and no others, none of them ever null."""


class MoneyOut(AnswerSerializer):
    value = serializers.IntegerField(help_text="In pence or cents.")
    currencyCode = serializers.ChoiceField(choices=CURRENCIES)


class NothingOut(AnswerSerializer):
    """It is done, and there is no more to say."""


# --- refusals --------------------------------------------------------------------------------------------------------


class EPOSErrorOut(AnswerSerializer):
    errorType = serializers.ChoiceField(
        choices=[errors.NOT_FOUND, errors.INVALID_REQUEST, errors.CONFLICT, errors.UNEXPECTED],
        help_text="What went wrong. NotFound: there is no such thing, and there will not be.",
    )
    debugMessage = serializers.CharField(help_text="For people; names the field where one is at fault.")
    traceId = serializers.CharField(help_text="Find the call in our logs by this.")


# --- the room --------------------------------------------------------------------------------------------------------


class AreaOut(AnswerSerializer):
    id = serializers.CharField(help_text="The area's code.")
    name = serializers.CharField(help_text="What staff call it.")
    waiterIds = serializers.ListField(
        child=serializers.CharField(), required=False, min_length=1, help_text="Who serves here."
    )


class TableOut(AnswerSerializer):
    id = serializers.CharField(help_text="The table's code.")
    name = serializers.CharField(help_text="What staff call it.")
    maxCovers = serializers.IntegerField(help_text="How many can sit at it.")
    areaId = serializers.CharField(help_text="The area it stands in.")
    waiterIds = serializers.ListField(
        child=serializers.CharField(), required=False, min_length=1, help_text="Who serves it."
    )


# --- pages of a search -----------------------------------------------------------------------------------------------


class PageOut(AnswerSerializer):
    before = serializers.CharField(
        required=False, help_text="Ask for the previous page with this; absent on the first."
    )
    after = serializers.CharField(required=False, help_text="Ask for the next page with this; absent on the last.")


# --- an order --------------------------------------------------------------------------------------------------------


class ModifierOut(AnswerSerializer):
    name = serializers.CharField(allow_blank=True)
    plu = serializers.CharField(allow_blank=True)
    quantity = serializers.IntegerField(min_value=1, help_text="Per single item.")
    amountPerModifier = MoneyOut(help_text="The price of one.")


class SubItemOut(AnswerSerializer):
    name = serializers.CharField(allow_blank=True)
    plu = serializers.CharField(allow_blank=True)
    quantity = serializers.IntegerField(min_value=1)
    amountPerItem = MoneyOut(help_text="The price of one, without its item and its modifiers.")
    note = serializers.CharField(required=False)
    modifiers = ModifierOut(many=True, required=False)


class ItemOut(SubItemOut):
    amountPerItem = MoneyOut(help_text="The price of one, without modifiers and sub-items, before any discount.")
    subItems = SubItemOut(many=True, required=False, help_text="The parts of a combo.")


class CustomerOut(AnswerSerializer):
    id = serializers.CharField(required=False)
    name = serializers.CharField(required=False)
    emailAddress = serializers.CharField(required=False)
    phoneNumber = serializers.CharField(required=False)


class DiscountOut(AnswerSerializer):
    name = serializers.CharField(allow_blank=True)
    amountTotal = MoneyOut(help_text="What it takes off in all.")
    amountPercentage = serializers.IntegerField(
        required=False, min_value=0, max_value=10_000, help_text="Hundredths of a percent, where it was given as one."
    )
    affectedPlu = serializers.CharField(required=False, help_text="The item it is for; absent: the whole order.")
    code = serializers.CharField(required=False)
    discountReference = serializers.CharField(required=False)


class TaxLineOut(AnswerSerializer):
    name = serializers.CharField(help_text="VAT 20%")
    amountPercentage = serializers.IntegerField(min_value=0, help_text="Hundredths of a percent.")
    amountTotal = MoneyOut(help_text="Contained in the prices, where the venue's prices contain tax.")


class PaymentOut(AnswerSerializer):
    paymentIntentId = serializers.CharField(help_text="Dojo's, or one of ours for money that never met a card machine.")
    paidAmount = MoneyOut(help_text="Without the tip; what was given back is off already.")
    tipsAmount = MoneyOut(required=False, help_text="On top of paidAmount.")


class DineInOut(AnswerSerializer):
    tableId = serializers.CharField(required=False)
    waiterId = serializers.CharField(required=False)
    partyId = serializers.CharField(required=False)
    reservationId = serializers.CharField(required=False)
    readyAt = serializers.DateTimeField(required=False, help_text="When a pre-order should be ready.")


class CollectionOut(AnswerSerializer):
    asap = serializers.BooleanField(required=False)
    collectAt = serializers.DateTimeField(required=False)


class DetailsOut(AnswerSerializer):
    orderType = serializers.ChoiceField(choices=OrderType.values)
    dineIn = DineInOut(required=False, help_text="There for DineIn.")
    collection = CollectionOut(required=False, help_text="There for Collection.")


class OrderOut(AnswerSerializer):
    id = serializers.CharField()
    displayName = serializers.CharField(max_length=24, help_text="What a card machine lists; unique among open orders.")
    reference = serializers.CharField(help_text="The number people say.")
    status = serializers.ChoiceField(choices=OrderStatus.values)
    details = DetailsOut()
    items = ItemOut(many=True, help_text="What is charged; what was voided is not there.")
    note = serializers.CharField(required=False)
    customer = CustomerOut(required=False)
    discounts = DiscountOut(many=True, help_text="What was taken off, and what was given away.")
    taxLines = TaxLineOut(many=True, help_text="One for each rate.")
    totalAmount = MoneyOut(help_text="After discounts, with service charge, without tips.")
    serviceChargeAmount = MoneyOut(help_text="Contained in totalAmount.")
    payable = serializers.BooleanField(help_text="Open, and something is outstanding.")
    paidAmount = MoneyOut(help_text="All payments less what was given back, without tips.")
    tipsAmount = MoneyOut(help_text="All tips.")
    payments = PaymentOut(many=True)
    createdAt = serializers.DateTimeField()
    updatedAt = serializers.DateTimeField()


class OrdersPageOut(PageOut):
    data = OrderOut(many=True, help_text="Newest first.")  # type: ignore[assignment]


class TablesPageOut(PageOut):
    data = TableOut(many=True, help_text="As they stand on the plan.")  # type: ignore[assignment]
