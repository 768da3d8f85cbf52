"""What a table says at a glance, from facts alone: each state, each need, and which of two wins."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orders.floor import Clock, Glance, LineFacts, OrderFacts, State, glance_at_table

NOW = datetime(2026, 5, 8, 20, 0, tzinfo=UTC)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


LINE = LineFacts(
    state="served",
    course="Mains",
    course_position=3,
    has_station=True,
    sent_at=ago(5),
    ready_at=None,
    station_has_it_at=ago(5),
)
ORDER = OrderFacts(
    pk="order_1",
    name="Table 1",
    status="Accepted",
    is_open=True,
    is_prepaid=False,
    is_from_dojo=False,
    total=5000,
    paid=0,
    outstanding=5000,
    opened_at=ago(6),
    bill_printed_at=None,
    closed_at=None,
    lines=[LINE],
)


def glance(*orders: OrderFacts, seated: float | None = 10, booking: Glance | None = None, minutes=None) -> Glance:
    clock = Clock(now=NOW, minutes=minutes or {})
    since = ago(seated) if seated is not None else None
    return glance_at_table(clock, seated_since=since, orders=orders, seats=4, booking=booking)


def needs(found: Glance) -> list[tuple[str, str, str]]:
    return [(need.kind, need.state, need.words) for need in found.needs]


def sent(minutes: float, state: str = "sent", **changes) -> LineFacts:
    return replace(LINE, state=state, sent_at=ago(minutes), station_has_it_at=ago(minutes), **changes)


def test_an_empty_table_shows_its_seats() -> None:
    found = glance(seated=None)
    assert (found.state, found.word, found.since) == (State.FREE, "4", None)


def test_a_free_table_waits_for_its_booking() -> None:
    booking = Glance(state=State.RESERVED, word="Patel")
    assert glance(seated=None, booking=booking) is booking
    assert glance(seated=1, booking=booking).state == State.SEATED


def test_seated_counts_from_when_they_sat_down() -> None:
    found = glance(seated=4)
    assert (found.state, found.word, found.since, needs(found)) == (State.SEATED, "Seated", ago(4), [])


def test_seated_for_eight_minutes_and_nothing_sent_wants_a_waiter() -> None:
    unsent = replace(ORDER, lines=[replace(LINE, state="unsent", sent_at=None)])
    for found in (glance(seated=8), glance(unsent, seated=11)):
        assert found.state == State.ATTENTION
        assert needs(found) == [("nothing_sent", "attention", "Nothing sent")]


def test_the_venue_sets_its_own_minutes() -> None:
    assert glance(seated=11, minutes={"nothing_sent": 15}).state == State.SEATED
    assert glance(seated=16, minutes={"nothing_sent": 15}).state == State.ATTENTION


def test_in_service_names_the_course_that_went_last() -> None:
    drinks = sent(20, course="Drinks", course_position=1, state="served")
    found = glance(replace(ORDER, lines=[drinks, sent(12, state="served")]))
    assert (found.state, found.word, found.since) == (State.SERVICE, "Mains", ago(12))


def test_a_course_is_ready_when_all_of_it_is_and_not_all_is_taken() -> None:
    ready = sent(10, state="ready", ready_at=ago(2))
    found = glance(replace(ORDER, lines=[ready, sent(10, state="served")]))
    assert (found.state, found.word, found.since) == (State.READY, "Mains ready", ago(2))
    assert glance(replace(ORDER, lines=[ready, sent(10)])).state == State.SERVICE


def test_food_that_nobody_takes_for_three_minutes_turns_to_attention() -> None:
    found = glance(replace(ORDER, lines=[sent(10, state="ready", ready_at=ago(3))]))
    assert needs(found) == [("ready", "attention", "Mains ready")]


def test_nothing_ready_after_twenty_five_minutes() -> None:
    assert glance(replace(ORDER, lines=[sent(24)])).state == State.SERVICE
    found = glance(replace(ORDER, lines=[sent(25), sent(3, state="started")]))
    assert needs(found) == [("nothing_ready", "attention", "Mains not ready")]


def test_a_line_that_the_kitchen_does_not_have_after_a_minute() -> None:
    lost = replace(LINE, state="sent", sent_at=ago(1), station_has_it_at=None)
    found = glance(replace(ORDER, lines=[lost, lost]))
    assert needs(found) == [("not_with_station", "attention", "2 lines not with the kitchen")]
    assert glance(replace(ORDER, lines=[replace(lost, has_station=False)])).state == State.SERVICE


def test_a_printed_bill_waits_ten_minutes_before_it_shouts() -> None:
    printed = replace(ORDER, bill_printed_at=ago(6))
    assert needs(glance(printed)) == [("bill", "bill", "Bill")]
    assert glance(printed).state == State.BILL
    assert glance(replace(printed, bill_printed_at=ago(10))).state == State.ATTENTION


def test_a_bill_that_is_being_paid_in_parts_wants_nobody_yet() -> None:
    part_paid = replace(ORDER, bill_printed_at=ago(6), paid=1000, outstanding=4000)
    assert glance(part_paid).needs == []
    assert needs(glance(replace(part_paid, bill_printed_at=ago(10)))) == [("bill", "attention", "Bill")]


def test_a_machine_that_has_the_bill_is_paying_with_what_is_left() -> None:
    lent = replace(ORDER, lease_until=NOW + timedelta(minutes=3), paid=1000, outstanding=4000, bill_printed_at=ago(20))
    found = glance(lent)
    assert (found.state, found.amount, found.share_paid, found.needs) == (State.PAYING, 4000, 20, [])


def test_a_lease_past_its_expiry_does_not_exist() -> None:
    assert glance(replace(ORDER, lease_until=ago(0))).state == State.SERVICE


def test_part_paid_is_paying_too() -> None:
    assert glance(replace(ORDER, paid=1, outstanding=4999)).state == State.PAYING


def test_paid_counts_from_the_last_bill_and_still_waits_for_food() -> None:
    paid = replace(ORDER, status="Finalized", is_open=False, paid=5000, outstanding=0, closed_at=ago(9))
    found = glance(paid)
    assert (found.state, found.since, found.needs) == (State.PAID, ago(9), [])
    waiting = glance(replace(paid, lines=[sent(10, state="ready", ready_at=ago(1))]))
    assert waiting.state == State.READY


def test_a_coffee_after_paying_is_service_again() -> None:
    paid = replace(ORDER, status="Finalized", is_open=False, paid=5000, outstanding=0, closed_at=ago(9))
    coffee = replace(ORDER, pk="order_2", lines=[sent(1, course="Coffee")])
    found = glance(paid, coffee)
    assert (found.state, found.word) == (State.SERVICE, "Coffee")


def test_a_reversed_card_payment_says_what_is_due() -> None:
    back = replace(ORDER, paid=790, outstanding=4210, reversed_amount=4210)
    found = glance(back)
    assert (found.state, found.word, found.amount) == (State.ATTENTION, "Card payment reversed", 4210)


def test_an_order_from_a_phone_waits_for_a_yes_for_two_minutes() -> None:
    order = replace(ORDER, status="Submitted", is_prepaid=True, is_from_dojo=True, outstanding=0, paid=5000, lines=[])
    waiting = glance(replace(order, opened_at=ago(1)), seated=None)
    assert needs(waiting) == [("not_accepted", "ready", "Order & Pay waits")]
    assert glance(replace(order, opened_at=ago(2)), seated=None).state == State.ATTENTION


@pytest.mark.parametrize(
    ("louder", "quieter"),
    [
        ({"lines": [sent(30)]}, {"paid": 1, "outstanding": 4999}),
        ({"paid": 1, "outstanding": 4999}, {"lines": [sent(9, state="ready", ready_at=ago(1))]}),
        ({"lines": [sent(9, state="ready", ready_at=ago(1))]}, {"bill_printed_at": ago(1)}),
    ],
)
def test_the_most_urgent_state_wins(louder: dict, quieter: dict) -> None:
    both = glance(replace(ORDER, **(quieter | louder)))
    assert both.state == glance(replace(ORDER, **louder)).state
    assert both.state != glance(replace(ORDER, **quieter)).state


def test_the_clock_knows_when_it_would_look_different() -> None:
    clock = Clock(now=NOW, minutes={})
    order = replace(ORDER, bill_printed_at=ago(6), lines=[sent(20)])
    glance_at_table(clock, seated_since=ago(10), orders=[order], seats=4, booking=None)
    assert clock.next_change == NOW + timedelta(minutes=4)
