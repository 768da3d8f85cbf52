"""What Dojo says of a payment intent, read into the facts of our books."""

import pytest

from dojo_integration.reconciling import Unusable, facts_of
from orders.models import CaptureMode, IntentStatus
from tests.ledger import an_intent


@pytest.mark.parametrize(
    ("amounts", "paid", "tips"),
    [
        # the bill alone; with service; with a tip, which is none of the bill's; with cash for the guest
        ({"amount": 2000}, 2000, 0),
        ({"amount": 2000, "serviceChargeAmount": 250}, 2250, 0),
        ({"amount": 2000, "tipsAmount": 300}, 2000, 300),
        ({"amount": 2000, "cashbackAmount": 1000}, 2000, 0),
        ({"amount": 2000, "serviceChargeAmount": 250, "tipsAmount": 300, "cashbackAmount": 1000}, 2250, 300),
        # without a total, from the parts
        ({"amount": 2000, "totalAmount": None}, 2000, 0),
        ({"amount": 2000, "serviceChargeAmount": 250, "tipsAmount": 300, "totalAmount": None}, 2250, 300),
        # without parts, from the total
        ({"amount": None, "tipsAmount": None, "totalAmount": 2000}, 2000, 0),
        ({"amount": None, "tipsAmount": 200, "totalAmount": 2200}, 2000, 200),
    ],
)
def test_what_was_paid_of_the_bill(amounts: dict[str, int | None], paid: int, tips: int) -> None:
    facts = facts_of(an_intent(**amounts))
    assert (facts.amount, facts.tips) == (paid, tips)


def test_what_else_it_says() -> None:
    # given
    found = an_intent(
        "pi-9", "Refunded", refundedAmount=500, currency="EUR", captureMode="Manual",
        order="order_1", dojo_order="dojo-1", reference="Order 7",
    )  # fmt: skip
    # when
    facts = facts_of(found)
    # then
    assert (facts.intent_id, facts.status, facts.currency) == ("pi-9", IntentStatus.REFUNDED, "EUR")
    assert (facts.refunded, facts.capture_mode) == (500, CaptureMode.MANUAL)
    assert (facts.order_names, facts.references) == (("order_1", "dojo-1"), ("Order 7",))


@pytest.mark.parametrize(
    ("said", "names", "references"),
    [
        ({"order": "x", "dojo_order": "x"}, ("x",), ("Order 236",)),
        ({"order": "", "dojo_order": "dojo-1", "reference": ""}, ("dojo-1",), ()),
        ({"order": "o" * 121, "dojo_order": "a\0b", "reference": "r" * 121}, (), ()),
        ({"order": "o" * 120}, ("o" * 120,), ("Order 236",)),
    ],
)
def test_names_that_can_be_an_orders(said: dict[str, str], names: tuple[str, ...], references: tuple[str, ...]) -> None:
    facts = facts_of(an_intent(**said))
    assert (facts.order_names, facts.references) == (names, references)


@pytest.mark.parametrize("mode", ["", "Later", "auto"])
def test_a_capture_mode_that_nobody_knows_is_not_known(mode: str) -> None:
    assert facts_of(an_intent(captureMode=mode)).capture_mode == CaptureMode.UNKNOWN


@pytest.mark.parametrize("status", ["Declined", "captured", "x" * 5_000])
def test_a_status_that_nobody_knows_is_of_no_use(status: str) -> None:
    with pytest.raises(Unusable, match="no status that we know"):
        facts_of(an_intent(status=status))


def test_without_an_amount_it_is_of_no_use() -> None:
    with pytest.raises(Unusable, match="how much"):
        facts_of(an_intent(amount=None, totalAmount=None))
