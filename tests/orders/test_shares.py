"""Splitting a bill: dinners that a waiter can check by hand, then laws for any evening."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.pricing import LineKind, PricedDiscount, PricedLine, Service, ServiceKind, Totals, price
from orders.shares import Allocation, ShareableLine, ShareAmount, ShareKind, ShareSpec, allocate, service_within
from pos.money import percent_of


def dish(key: str, amount: int, *seats: int, units: int = 1) -> ShareableLine:
    return ShareableLine(key=key, amount=amount, service_base=amount, seats=seats, units=units)


def seat(*seats: int, service_removed: bool = False) -> ShareSpec:
    key = "seat " + "+".join(map(str, seats))
    return ShareSpec(key=key, kind=ShareKind.SEAT, seats=seats, service_removed=service_removed)


def items(key: str, lines: Mapping[str, int]) -> ShareSpec:
    return ShareSpec(key=key, kind=ShareKind.ITEM, lines=lines)


def equal(ways: int) -> list[ShareSpec]:
    return [ShareSpec(key=f"part {number}", kind=ShareKind.EQUAL) for number in range(1, ways + 1)]


def fixed(key: str, amount: int | None, *, service_removed: bool = False) -> ShareSpec:
    return ShareSpec(key=key, kind=ShareKind.AMOUNT, fixed_amount=amount, service_removed=service_removed)


def split(
    lines: Sequence[ShareableLine],
    shares: Sequence[ShareSpec],
    *,
    service: int = 0,
    paid: int = 0,
    paid_service: int = 0,
    difference: int = 0,
) -> Allocation:
    return allocate(lines, shares, service=service, paid=paid, paid_service=paid_service, difference=difference)


def frozen(plan: Allocation, shares: Sequence[ShareSpec], *keys: str) -> list[ShareSpec]:
    """The same plan with these shares paid."""
    return [replace(spec, paid=plan.shares[spec.key]) if spec.key in keys else spec for spec in shares]


def totals_of(plan: Allocation) -> dict[str, int]:
    return {key: amount.total for key, amount in plan.shares.items()}


# Four at a table: everyone had bread, each a main of their own. £70.50, 12.5 % is £8.81.
DINNER = [
    dish("bread", 450),
    dish("ribeye", 2900, 1),
    dish("caesar", 1400, 2),
    dish("cod", 1300, 3),
    dish("pie", 1000, 4),
]
FOUR_SEATS = [seat(1), seat(2), seat(3), seat(4)]
DINNER_SERVICE = 881


# --- by seat ---------------------------------------------------------------------------------------------------------


def test_four_seats_share_the_bread_and_pay_their_own_mains() -> None:
    plan = split(DINNER, FOUR_SEATS, service=DINNER_SERVICE)

    assert plan.shares["seat 1"].lines == {"bread": 113, "ribeye": 2900}
    assert [(share.goods, share.service) for share in plan.shares.values()] == [
        (3013, 377),  # 376.52
        (1513, 189),  # 189.07
        (1412, 176),  # 176.45
        (1112, 139),  # 138.96
    ]
    assert totals_of(plan) == {"seat 1": 3390, "seat 2": 1702, "seat 3": 1588, "seat 4": 1251}
    assert plan.total == plan.outstanding == 7931
    assert plan.service_total == DINNER_SERVICE
    assert plan.unassigned == ShareAmount()


def test_a_line_for_two_seats_is_split_over_these_two() -> None:
    oysters = dish("oysters", 1501, 1, 3)

    plan = split([oysters], FOUR_SEATS)

    assert totals_of(plan) == {"seat 1": 751, "seat 2": 0, "seat 3": 750, "seat 4": 0}


def test_a_couple_that_pays_together_bears_two_parts() -> None:
    plan = split([dish("bread", 400)], [seat(1, 2), seat(3), seat(4)])

    assert totals_of(plan) == {"seat 1+2": 200, "seat 3": 100, "seat 4": 100}


def test_a_seat_without_a_share_leaves_its_part_to_nobody() -> None:
    # given seat 1 wants to pay before the others have decided anything
    plan = split(DINNER, [seat(1)], service=DINNER_SERVICE)

    # then it pays a quarter of the bread, not all of it
    assert plan.shares["seat 1"].goods == 3013
    assert plan.unassigned.goods == 7050 - 3013
    assert plan.shares["seat 1"].total + plan.unassigned.total == plan.outstanding == 7931


def test_service_follows_the_goods_that_bear_it() -> None:
    # given a gift voucher for £50 on seat 2
    voucher = ShareableLine(key="voucher", amount=5000, service_base=0, seats=(2,))

    # when
    plan = split([dish("ribeye", 2900, 1), dish("caesar", 1400, 2), voucher], [seat(1), seat(2)], service=538)

    # then
    assert plan.shares["seat 1"] == ShareAmount(goods=2900, service=363, lines={"ribeye": 2900})
    assert plan.shares["seat 2"] == ShareAmount(goods=6400, service=175, lines={"caesar": 1400, "voucher": 5000})


def test_service_off_for_one_seat_lowers_the_bill_by_its_part_and_moves_nobody() -> None:
    # given
    with_service = split(DINNER, FOUR_SEATS, service=DINNER_SERVICE)

    # when
    plan = split(DINNER, [seat(1), seat(2, service_removed=True), seat(3), seat(4)], service=DINNER_SERVICE)

    # then
    assert plan.shares["seat 2"] == ShareAmount(goods=1513, service=0, waived=189, lines={"bread": 113, "caesar": 1400})
    assert [plan.shares[key] for key in ("seat 1", "seat 3", "seat 4")] == [
        with_service.shares[key] for key in ("seat 1", "seat 3", "seat 4")
    ]
    assert plan.waived == 189
    assert plan.service_total == DINNER_SERVICE - 189
    assert plan.total == plan.outstanding == 7931 - 189


# --- paying ----------------------------------------------------------------------------------------------------------


def test_a_paid_share_is_frozen_and_the_others_stay_as_they_were() -> None:
    # given
    before = split(DINNER, FOUR_SEATS, service=DINNER_SERVICE)

    # when seat 3 pays
    after = split(DINNER, frozen(before, FOUR_SEATS, "seat 3"), service=DINNER_SERVICE, paid=1588, paid_service=176)

    # then
    assert after.shares == before.shares
    assert after.open_keys == ("seat 1", "seat 2", "seat 4")
    assert after.outstanding == 7931 - 1588
    assert after.total == 7931


def test_a_paid_share_without_service_keeps_the_bill_lowered() -> None:
    # given
    shares = [seat(1), seat(2, service_removed=True), seat(3), seat(4)]
    before = split(DINNER, shares, service=DINNER_SERVICE)

    # when seat 2 pays
    after = split(DINNER, frozen(before, shares, "seat 2"), service=DINNER_SERVICE, paid=1513)

    # then
    assert after.shares == before.shares
    assert after.service_total == before.service_total == 692
    assert after.outstanding == before.total - 1513


def test_a_later_line_goes_to_the_unpaid_shares_of_its_seats() -> None:
    # given seat 1 has paid
    before = split(DINNER, FOUR_SEATS)
    paid = frozen(before, FOUR_SEATS, "seat 1")

    # when seat 2 orders a coffee, seats 1 and 3 a dessert with two spoons, everyone limoncello
    later = [dish("coffee", 350, 2), dish("dessert", 800, 1, 3), dish("limoncello", 1200)]
    after = split([*DINNER, *later], paid, paid=3013)

    # then who has paid and left shares none of it
    assert totals_of(after) == {
        "seat 1": 3013,
        "seat 2": 1513 + 350 + 400,
        "seat 3": 1412 + 800 + 400,
        "seat 4": 1112 + 400,
    }
    assert after.unassigned.total == 0


def test_a_later_line_of_a_seat_that_has_paid_forms_a_new_share() -> None:
    # given
    before = split(DINNER, FOUR_SEATS)
    paid = frozen(before, FOUR_SEATS, "seat 1")
    coffee = dish("coffee", 350, 1)

    # when
    after = split([*DINNER, coffee], paid, paid=3013)

    # then nobody has it yet
    assert after.unassigned == ShareAmount(goods=350, lines={"coffee": 350})
    assert after.shares == before.shares
    assert after.outstanding == 7050 + 350 - 3013

    # and the new share of seat 1 takes the coffee alone: its part of the bread is paid
    second = ShareSpec(key="seat 1 again", kind=ShareKind.SEAT, seats=(1,))
    formed = split([*DINNER, coffee], [*paid, second], paid=3013)
    assert formed.shares["seat 1 again"] == ShareAmount(goods=350, lines={"coffee": 350})
    assert {key: share for key, share in formed.shares.items() if key != "seat 1 again"} == before.shares
    assert formed.unassigned.total == 0


def test_a_line_that_grows_after_a_payment_grows_for_those_who_have_not_paid() -> None:
    # given bread for four, seat 1 has paid its pound
    shares = [seat(1), seat(2), seat(3), seat(4)]
    before = split([dish("bread", 400)], shares)

    # when they take a second one
    after = split([dish("bread", 800)], frozen(before, shares, "seat 1"), paid=100)

    # then
    assert totals_of(after) == {"seat 1": 100, "seat 2": 234, "seat 3": 233, "seat 4": 233}


def test_a_later_round_stays_still_while_others_pay_for_it() -> None:
    # given seat 1 has paid and left; then 8p for five others, three of whom pay together: 1.6, 1.6 and 4.8
    shares = [seat(1), seat(2), seat(3), seat(4, 5, 6)]
    starter = dish("starter", 500, 1)
    gone = frozen(split([starter], shares), shares, "seat 1")
    lines = [starter, dish("mints", 8)]
    shown = split(lines, gone, paid=500)
    assert totals_of(shown) == {"seat 1": 500, "seat 2": 2, "seat 3": 1, "seat 4+5+6": 5}

    # when seat 2 pays
    after = split(lines, frozen(shown, gone, "seat 2"), paid=502)

    # then
    assert after.shares == shown.shares


def test_who_has_paid_nothing_for_a_line_has_still_settled_it() -> None:
    # given 2p for six seats: a third, a third and four thirds of a penny
    shares = [seat(1), seat(2), seat(3, 4, 5, 6)]
    shown = split([dish("mint", 2)], shares)
    assert totals_of(shown) == {"seat 1": 1, "seat 2": 0, "seat 3+4+5+6": 1}

    # when seat 2 leaves
    after = split([dish("mint", 2)], frozen(shown, shares, "seat 2"))

    # then
    assert after.shares == shown.shares


def test_a_line_that_grows_after_all_its_seats_have_paid_goes_to_those_who_ordered_again() -> None:
    # given two have paid for the bread, and seat 1 has a second share for its coffee
    shares = [seat(1), seat(2)]
    paid = frozen(split([dish("bread", 400)], shares), shares, "seat 1", "seat 2")
    again = ShareSpec(key="again", kind=ShareKind.SEAT, seats=(1,))

    # when
    plan = split([dish("bread", 600), dish("coffee", 350, 1)], [*paid, again], paid=400)

    # then
    assert plan.shares["again"] == ShareAmount(goods=550, lines={"bread": 200, "coffee": 350})
    assert plan.unassigned == ShareAmount()


def test_a_line_that_grows_after_all_its_seats_have_paid_is_unassigned() -> None:
    shares = [seat(1), seat(2)]
    before = split([dish("bread", 400), dish("cod", 1300, 2)], shares)

    after = split([dish("bread", 600), dish("cod", 1300, 2)], frozen(before, shares, "seat 1", "seat 2"), paid=1700)

    assert after.unassigned == ShareAmount(goods=200, lines={"bread": 200})
    assert after.outstanding == 200


def test_money_that_fits_no_share_lowers_the_unpaid_ones_in_proportion() -> None:
    # given £30 and £10, and £8 in cash from somebody
    plan = split([dish("a", 3000, 1), dish("b", 1000, 2)], [seat(1), seat(2)], paid=800)

    assert totals_of(plan) == {"seat 1": 2400, "seat 2": 800}
    assert plan.shares["seat 1"].lines == {"a": 3000}
    assert plan.outstanding == 3200


def test_paying_after_loose_money_settles_a_seat_with_its_lines() -> None:
    # given
    lines = [dish("a", 3000, 1), dish("b", 1000, 2)]
    shares = [seat(1), seat(2)]
    before = split(lines, shares, paid=800)

    # when seat 1 pays its £24
    after = split(lines, frozen(before, shares, "seat 1"), paid=3200)

    # then its line is settled, though its own money did not cover it
    assert totals_of(after) == {"seat 1": 2400, "seat 2": 800}
    assert after.unassigned.total == 0


def test_a_discount_after_a_payment_recomputes_the_unpaid_shares_only() -> None:
    # given seat 1 paid £20, seat 2 owes £20 and seat 3 £10
    shares = [seat(1), seat(2), seat(3)]
    before = split([dish("a", 2000, 1), dish("b", 2000, 2), dish("c", 1000, 3)], shares)

    # when a tenth is taken off everything
    after = split(
        [dish("a", 1800, 1), dish("b", 1800, 2), dish("c", 900, 3)], frozen(before, shares, "seat 1"), paid=2000
    )

    # then
    assert totals_of(after) == {"seat 1": 2000, "seat 2": 1667, "seat 3": 833}
    assert after.outstanding == 2500


def test_an_overpaid_bill_asks_nobody_for_anything() -> None:
    plan = split(DINNER, [*FOUR_SEATS, *equal(2)], service=DINNER_SERVICE, paid=9000, paid_service=900)

    assert set(totals_of(plan).values()) == {0}
    assert plan.unassigned.total == 0
    assert plan.outstanding == 0
    assert plan.total == 7931


def test_money_given_back_for_a_paid_share_is_nobodys_until_someone_takes_it() -> None:
    # given all have paid
    shares = [seat(1), seat(2)]
    lines = [dish("a", 2000, 1), dish("b", 2000, 2)]
    before = split(lines, shares)

    # when £20 is reversed
    after = split(lines, frozen(before, shares, "seat 1", "seat 2"), paid=2000)

    # then
    assert after.unassigned.total == after.outstanding == 2000
    assert after.shares == before.shares


# --- by item ---------------------------------------------------------------------------------------------------------


def test_items_go_by_units_and_what_nobody_named_is_unassigned() -> None:
    # given three beers, of which Bo takes one
    beers = dish("beer", 1860, units=3)

    # when
    plan = split([beers, dish("pie", 1000)], [items("bo", {"beer": 1})])

    # then
    assert plan.shares["bo"].lines == {"beer": 620}
    assert plan.unassigned.lines == {"beer": 1240, "pie": 1000}
    assert plan.unassigned.total == 2240


def test_one_dish_in_two_shares_is_halved() -> None:
    plan = split([dish("cake", 755)], [items("bo", {"cake": 1}), items("mo", {"cake": 1})])

    assert totals_of(plan) == {"bo": 378, "mo": 377}


def test_units_that_were_paid_for_are_not_offered_again() -> None:
    # given one of three beers is paid
    beers = dish("beer", 1860, units=3)
    shares = [items("bo", {"beer": 1}), items("mo", {"beer": 1})]
    before = split([beers], shares)

    # when
    after = split([beers], frozen(before, shares, "bo"), paid=620)

    # then
    assert totals_of(after) == {"bo": 620, "mo": 620}
    assert after.unassigned.lines == {"beer": 620}


def test_the_wine_on_the_boss_and_the_rest_by_seat() -> None:
    wine = dish("wine", 6000, units=2)

    plan = split([wine, *DINNER], [items("boss", {"wine": 1}), *FOUR_SEATS])

    # then the second bottle is everyone's
    assert totals_of(plan) == {
        "boss": 3000,
        "seat 1": 3013 + 750,
        "seat 2": 1513 + 750,
        "seat 3": 1412 + 750,
        "seat 4": 1112 + 750,
    }


def test_the_wine_on_the_boss_and_the_rest_in_equal_parts() -> None:
    plan = split([dish("wine", 3000), *DINNER], [items("boss", {"wine": 1}), *equal(4)])

    assert totals_of(plan) == {"boss": 3000, "part 1": 1763, "part 2": 1763, "part 3": 1762, "part 4": 1762}
    assert plan.unassigned == ShareAmount()


# --- equal and by amount ---------------------------------------------------------------------------------------------


def test_equal_parts_differ_by_a_penny_at_most() -> None:
    plan = split([dish("goods", 8284)], equal(3), service=1036)

    assert totals_of(plan) == {"part 1": 3107, "part 2": 3107, "part 3": 3106}
    assert sum(share.service for share in plan.shares.values()) == 1036


def test_equal_parts_by_weight() -> None:
    couple = ShareSpec(key="couple", kind=ShareKind.EQUAL, weight=2)

    plan = split([dish("goods", 9000)], [couple, *equal(1)])

    assert totals_of(plan) == {"couple": 6000, "part 1": 3000}


def test_a_later_round_is_split_over_the_equal_parts_still_open() -> None:
    # given £93.20 four ways, one has paid £23.30
    before = split([dish("goods", 9320)], equal(4))
    shares = frozen(before, equal(4), "part 2")

    # when
    same = split([dish("goods", 9320)], shares, paid=2330)
    more = split([dish("goods", 9320), dish("coffee", 400)], shares, paid=2330)

    # then
    assert totals_of(same) == totals_of(before)
    assert totals_of(more) == {"part 1": 2464, "part 2": 2330, "part 3": 2463, "part 4": 2463}


def test_a_fixed_amount_and_the_rest() -> None:
    plan = split(DINNER, [fixed("dad", 5000), fixed("rest", None)], service=DINNER_SERVICE)

    assert plan.shares["dad"] == ShareAmount(goods=4445, service=555)  # 881 × 5000 ÷ 7931 = 555.42
    assert plan.shares["rest"] == ShareAmount(goods=2605, service=326)
    assert plan.outstanding == 7931


def test_amounts_beyond_the_bill_take_only_what_is_there() -> None:
    plan = split([dish("pie", 1000)], [fixed("a", 700), fixed("b", 700), fixed("c", 700)])

    assert totals_of(plan) == {"a": 700, "b": 300, "c": 0}


def test_amounts_below_the_bill_leave_the_rest_unassigned() -> None:
    plan = split([dish("pie", 1000)], [fixed("a", 700)])

    assert plan.unassigned == ShareAmount(goods=300, lines={"pie": 1000})


def test_dad_gives_fifty_and_the_rest_goes_by_seat() -> None:
    plan = split([dish("a", 6000, 1), dish("b", 4000, 2)], [fixed("dad", 5000), seat(1), seat(2)])

    assert totals_of(plan) == {"dad": 5000, "seat 1": 3000, "seat 2": 2000}


def test_the_service_in_a_fixed_amount_stays_as_it_was_while_others_pay() -> None:
    # given £50 of voucher without service, £40 of dinner with £5, and £10 from dad
    voucher = ShareableLine(key="voucher", amount=5000, service_base=0, seats=(1,))
    lines = [voucher, dish("dinner", 4000, 2)]
    shares = [fixed("dad", 1000), seat(1), seat(2)]
    shown = split(lines, shares, service=500)
    assert shown.shares["dad"] == ShareAmount(goods=947, service=53)

    # when the one with most of the service pays
    paid = shown.shares["seat 2"]
    after = split(lines, frozen(shown, shares, "seat 2"), service=500, paid=paid.total, paid_service=paid.service)

    # then
    assert after.shares == shown.shares


def test_a_fixed_amount_without_service_is_paid_as_named_all_of_it_for_goods() -> None:
    # given £100 and 12.5 %
    plan = split([dish("goods", 10_000)], [fixed("dad", 4000, service_removed=True), fixed("rest", None)], service=1250)

    assert plan.shares["dad"] == ShareAmount(goods=4000, service=0, waived=500)
    assert plan.shares["rest"] == ShareAmount(goods=6000, service=750)
    assert plan.total == 10_750


def test_a_fixed_amount_without_service_never_exceeds_the_goods() -> None:
    plan = split([dish("goods", 1000)], [fixed("dad", 4000, service_removed=True)], service=125)

    assert plan.shares["dad"] == ShareAmount(goods=1000, service=0, waived=125)
    assert plan.total == plan.outstanding == 1000


def test_stated_service_on_vouchers_alone_follows_the_vouchers() -> None:
    vouchers = [ShareableLine(key=str(number), amount=5000, service_base=0, seats=(number,)) for number in (1, 2)]

    plan = split(vouchers, [seat(1), seat(2)], service=501)

    assert [(share.goods, share.service) for share in plan.shares.values()] == [(5000, 251), (5000, 250)]


def test_a_share_never_carries_more_service_than_it_pays() -> None:
    # given £5 of service on a £1 dish beside a £50 voucher, and £50 in cash that was booked without any service
    voucher = ShareableLine(key="voucher", amount=5000, service_base=0, seats=(2,))

    # when
    plan = split([dish("dish", 100, 1), voucher], [seat(1), seat(2)], service=500, paid=5000)

    # then
    assert [(share.goods, share.service) for share in plan.shares.values()] == [(0, 64), (536, 0)]


def test_the_service_of_paid_shares_is_paid_also_when_the_caller_forgot_it() -> None:
    # given
    lines = [dish("a", 2000, 1), dish("b", 2000, 2)]
    shares = [seat(1), seat(2)]
    shown = split(lines, shares, service=500)

    # when
    after = split(lines, frozen(shown, shares, "seat 1"), service=500, paid=2250, paid_service=0)

    # then
    assert after.shares == shown.shares


def test_a_paid_share_cannot_waive_more_service_than_the_bill_has() -> None:
    # given seat 1 had £2.50 of service taken off and paid
    lines = [dish("a", 2000, 1), dish("b", 2000, 2)]
    shares = [seat(1, service_removed=True), seat(2)]
    paid = frozen(split(lines, shares, service=500), shares, "seat 1")

    # when service is taken off the whole bill
    after = split(lines, paid, service=0, paid=2000)

    # then
    assert (after.waived, after.service_total, after.total, after.outstanding) == (0, 0, 4000, 2000)
    assert after.shares["seat 2"].total == 2000


def test_a_paid_unit_is_not_counted_on_a_line_that_came_later() -> None:
    # given Bo paid for a beer, and his share still names a second line that came after
    bo = items("bo", {"beer": 1, "rum": 1})
    paid = frozen(split([dish("beer", 620)], [bo]), [bo], "bo")

    # when
    plan = split([dish("beer", 620), dish("rum", 800, units=2)], [*paid, items("mo", {"rum": 1})], paid=620)

    # then the rum is Mo's by half, and the other glass is nobody's
    assert plan.shares["mo"].lines == {"rum": 400}
    assert plan.unassigned.lines == {"rum": 400}


# --- the bill as a whole ---------------------------------------------------------------------------------------------


def test_without_shares_everything_is_unassigned() -> None:
    plan = split(DINNER, [], service=DINNER_SERVICE, paid=2000, paid_service=222)

    assert plan.shares == {}
    assert plan.unassigned.total == plan.outstanding == 5931
    assert plan.unassigned.service == DINNER_SERVICE - 222


def test_a_dojo_order_shares_the_sum_that_the_guest_was_shown() -> None:
    # given our prices give £40, the guest was shown £39.98: a penny less for each
    plan = split([dish("a", 3000, 1), dish("b", 1000, 2)], [seat(1), seat(2)], difference=-2)

    assert totals_of(plan) == {"seat 1": 2999, "seat 2": 999}
    assert plan.total == 3998


def test_a_bill_of_nothing_asks_for_nothing() -> None:
    plan = split([dish("comped", 0, 1)], [seat(1), *equal(2)], service=0)

    assert set(totals_of(plan).values()) == {0}
    assert plan.total == 0


def test_a_machine_pays_the_first_open_share_of_its_amount() -> None:
    shares = [seat(1), seat(2), seat(3)]
    lines = [dish("a", 2000, 1), dish("b", 2000, 2), dish("c", 0, 3)]
    plan = split(lines, frozen(split(lines, shares), shares, "seat 1"), paid=2000)

    assert plan.share_fitting(2000) == "seat 2"
    assert plan.share_fitting(1999) is None
    assert plan.share_fitting(0) is None


def test_a_share_counts_for_at_least_one() -> None:
    with pytest.raises(ValueError, match="'x'"):
        ShareSpec(key="x", kind=ShareKind.EQUAL, weight=0)


def test_the_service_in_a_payment_is_its_proportion_and_the_last_one_takes_the_rest() -> None:
    first = service_within(4000, outstanding=9320, service_outstanding=1036)

    assert first == 445  # 444.6
    assert service_within(5320, outstanding=5320, service_outstanding=1036 - first) == 591
    assert service_within(9999, outstanding=5320, service_outstanding=591) == 591
    assert service_within(100, outstanding=0, service_outstanding=0) == 0


# --- laws ------------------------------------------------------------------------------------------------------------

SEATS = st.lists(st.integers(min_value=1, max_value=4), max_size=3, unique=True).map(lambda seats: tuple(sorted(seats)))
DISHES = st.builds(
    lambda amount, seats, units, bears_service: (amount, seats, units, bears_service),
    st.integers(min_value=0, max_value=6_000),
    SEATS,
    st.integers(min_value=1, max_value=3),
    st.sampled_from([True, True, True, False]),
)


@st.composite
def bills(draw: st.DrawFn) -> list[ShareableLine]:
    return [
        ShareableLine(
            key=f"line {number}", amount=amount, service_base=amount if bears else 0, seats=seats, units=units
        )
        for number, (amount, seats, units, bears) in enumerate(draw(st.lists(DISHES, min_size=1, max_size=8)))
    ]


@st.composite
def plans(draw: st.DrawFn, kinds: Sequence[ShareKind] = tuple(ShareKind)) -> list[ShareSpec]:
    """Any plan, also the ones that mix kinds and those that leave something to nobody."""
    shares = []
    seats_left = draw(st.permutations([1, 2, 3, 4]))
    for number in range(draw(st.integers(min_value=1, max_value=5))):
        kind = draw(st.sampled_from(kinds))
        taken = draw(st.integers(min_value=1, max_value=2))
        shares.append(
            ShareSpec(
                key=f"share {number}",
                kind=kind,
                seats=tuple(seats_left[:taken]) if kind == ShareKind.SEAT else (),
                weight=draw(st.integers(min_value=1, max_value=3)),
                fixed_amount=draw(st.none() | st.integers(min_value=0, max_value=5_000)),
                lines=draw(
                    st.dictionaries(
                        st.sampled_from([f"line {line}" for line in range(8)]),
                        st.integers(min_value=1, max_value=2),
                        max_size=3,
                    )
                )
                if kind == ShareKind.ITEM
                else {},
                service_removed=draw(st.booleans()),
            )
        )
        seats_left = seats_left[taken:] if kind == ShareKind.SEAT else seats_left
    return shares


def assert_plan_holds(plan: Allocation, *, paid: int) -> None:
    open_shares = [plan.shares[key] for key in plan.open_keys]
    assert plan.outstanding == max(0, plan.total - paid)
    assert sum(share.total for share in open_shares) + plan.unassigned.total == plan.outstanding
    for share in (*open_shares, plan.unassigned):
        assert min(share.goods, share.service, share.waived, *share.lines.values(), 0) == 0


def service_on(lines: Sequence[ShareableLine], rate: int = 1250) -> int:
    return percent_of(sum(line.service_base for line in lines), rate)


@given(
    bills(),
    plans(),
    st.integers(min_value=0, max_value=3_000),
    st.integers(min_value=0, max_value=10_000),
    st.integers(min_value=0, max_value=1_000),
)
def test_open_shares_and_what_is_nobodys_sum_to_what_is_outstanding(
    lines: list[ShareableLine], shares: list[ShareSpec], service: int, paid: int, paid_service: int
) -> None:
    plan = split(lines, shares, service=service, paid=paid, paid_service=paid_service)

    assert_plan_holds(plan, paid=paid)
    assert plan.service_total + plan.waived == service
    assert plan.total == sum(line.amount for line in lines) + plan.service_total


@given(bills(), plans(kinds=[ShareKind.SEAT, ShareKind.ITEM]))
def test_every_line_is_handed_out_to_the_penny(lines: list[ShareableLine], shares: list[ShareSpec]) -> None:
    plan = split(lines, shares, service=service_on(lines))

    everybody = [*plan.shares.values(), plan.unassigned]
    for line in lines:
        assert sum(share.lines.get(line.key, 0) for share in everybody) == line.amount
    for share in everybody:
        assert sum(share.lines.values()) == share.goods


@given(bills(), plans())
def test_nobody_pays_for_a_seat_that_is_not_theirs(lines: list[ShareableLine], shares: list[ShareSpec]) -> None:
    plan = split(lines, shares)

    for spec in shares:
        if spec.kind == ShareKind.SEAT:
            theirs = {line.key for line in lines if not line.seats or set(line.seats) & set(spec.seats)}
            assert {key for key, amount in plan.shares[spec.key].lines.items() if amount} <= theirs


@given(bills(), st.integers(min_value=1, max_value=9))
def test_equal_parts_are_equal_to_the_penny(lines: list[ShareableLine], ways: int) -> None:
    plan = split(lines, equal(ways), service=service_on(lines))

    amounts = list(totals_of(plan).values())
    assert max(amounts) - min(amounts) <= 1
    assert sum(amounts) == plan.total


@given(bills(), plans(), st.integers(min_value=0, max_value=3_000), st.randoms(use_true_random=False))
def test_guests_pay_the_same_in_whatever_order_they_pay(
    lines: list[ShareableLine], shares: list[ShareSpec], loose: int, random: Random
) -> None:
    # given a plan, perhaps with some cash on the table already
    service = service_on(lines)
    loose_service = service_within(
        loose, outstanding=sum(line.amount for line in lines) + service, service_outstanding=service
    )
    shown = split(lines, shares, service=service, paid=loose, paid_service=loose_service)
    keys = [spec.key for spec in shares]
    random.shuffle(keys)

    # when they pay one after the other, in any order
    paid, paid_service, now = loose, loose_service, shares
    for key in keys:
        plan = split(lines, now, service=service, paid=paid, paid_service=paid_service)
        # then each still sees what all were shown at the start
        assert plan.shares == shown.shares
        assert plan.unassigned.total == shown.unassigned.total
        assert plan.total == shown.total
        now = frozen(plan, now, key)
        paid, paid_service = paid + plan.shares[key].total, paid_service + plan.shares[key].service

    # and what nobody took is what remains
    done = split(lines, now, service=service, paid=paid, paid_service=paid_service)
    assert done.outstanding == done.unassigned.total == shown.unassigned.total


@given(bills(), plans(kinds=[ShareKind.SEAT, ShareKind.ITEM, ShareKind.EQUAL]), st.data())
def test_taking_service_off_one_share_and_putting_it_back_moves_no_other(
    lines: list[ShareableLine], shares: list[ShareSpec], data: st.DataObject
) -> None:
    # given
    one = data.draw(st.sampled_from(shares))
    with_it = [replace(spec, service_removed=False) if spec is one else spec for spec in shares]
    without = [replace(spec, service_removed=True) if spec is one else spec for spec in shares]
    service = service_on(lines)

    # when
    before = split(lines, with_it, service=service)
    after = split(lines, without, service=service)

    # then
    assert after.total == before.total - before.shares[one.key].service
    assert after.shares[one.key].total == before.shares[one.key].goods
    assert {**after.shares, one.key: before.shares[one.key]} == before.shares
    assert after.unassigned == before.unassigned
    assert split(lines, with_it, service=service) == before


@dataclass
class Evening:
    """One order through an evening: priced, shared and paid as the product does it."""

    shares: list[ShareSpec]
    ordered: list[tuple[PricedLine, tuple[int, ...]]] = field(default_factory=list)
    discounts: list[PricedDiscount] = field(default_factory=list)
    service_rate: int = 1250
    tax_inclusive: bool = True
    paid: int = 0
    paid_service: int = 0
    waived: int = 0

    def priced(self, waived: int = 0) -> Totals:
        service = Service(kind=ServiceKind.DISCRETIONARY, rate=self.service_rate, waived=waived)
        lines = [line for line, _ in self.ordered]
        return price(lines, self.discounts, service, tax_inclusive=self.tax_inclusive)

    def plan(self) -> Allocation:
        totals = self.priced(waived=self.waived)
        lines = [
            ShareableLine(
                key=priced.key,
                amount=priced.owed,
                service_base=priced.service_base,
                seats=seats,
                units=line.quantity,
            )
            for priced, (line, seats) in zip(totals.lines, self.ordered, strict=True)
        ]
        plan = allocate(
            lines,
            self.shares,
            service=totals.service_owed + totals.service_waived,
            paid=self.paid,
            paid_service=self.paid_service,
        )
        # Pricing again with what the shares took off gives the same bill: one round settles it.
        self.waived = plan.waived
        assert self.priced(waived=plan.waived).total == plan.total
        return plan

    def order(self, amount: int, seats: tuple[int, ...], quantity: int, rate: int, kind: LineKind) -> None:
        line = PricedLine(
            key=f"line {len(self.ordered)}", quantity=quantity, unit_price=amount, vat_rate=rate, kind=kind
        )
        self.ordered.append((line, seats))

    def pay_share(self, key: str, plan: Allocation) -> None:
        self.paid += plan.shares[key].total
        self.paid_service += plan.shares[key].service
        self.shares = frozen(plan, self.shares, key)

    def pay_loose(self, amount: int, plan: Allocation) -> None:
        left = plan.service_total - self.paid_service
        self.paid_service += service_within(amount, outstanding=plan.outstanding, service_outstanding=max(0, left))
        self.paid += amount

    def toggle_service(self, key: str) -> None:
        self.shares = [
            replace(spec, service_removed=not spec.service_removed) if spec.key == key else spec for spec in self.shares
        ]


@given(plans(), st.booleans(), st.data())
def test_whatever_happens_in_an_evening_the_shares_sum_to_what_is_outstanding(
    shares: list[ShareSpec], tax_inclusive: bool, data: st.DataObject
) -> None:
    # given
    evening = Evening(shares, tax_inclusive=tax_inclusive)
    happenings = [
        "order",
        "order",
        "order",
        "pay share",
        "pay share",
        "cash",
        "service",
        "discount",
        "comp",
        "new share",
    ]

    for number in range(data.draw(st.integers(min_value=3, max_value=12))):
        plan = evening.plan()
        frozen_before = {spec.key: spec.paid for spec in evening.shares if spec.paid is not None}

        # when
        happening = data.draw(st.sampled_from(happenings))
        if happening == "order":
            evening.order(
                data.draw(st.integers(min_value=0, max_value=4_000)),
                data.draw(SEATS),
                data.draw(st.integers(min_value=1, max_value=3)),
                data.draw(st.sampled_from([0, 900, 1350, 2000, 2300])),
                data.draw(st.sampled_from([LineKind.GOODS, LineKind.GOODS, LineKind.VOUCHER])),
            )
        elif happening == "pay share" and plan.open_keys:
            evening.pay_share(data.draw(st.sampled_from(plan.open_keys)), plan)
        elif happening == "cash":
            evening.pay_loose(data.draw(st.integers(min_value=1, max_value=plan.outstanding + 500)), plan)
        elif happening == "service" and plan.open_keys:
            evening.toggle_service(data.draw(st.sampled_from(plan.open_keys)))
        elif happening == "discount":
            evening.discounts = [PricedDiscount("d", percent=data.draw(st.integers(min_value=0, max_value=5_000)))]
        elif happening == "comp" and evening.ordered:
            line, seats = evening.ordered[-1]
            evening.ordered[-1] = (replace(line, free=not line.free), seats)
        elif happening == "new share" and plan.unassigned.total:
            evening.shares = [*evening.shares, ShareSpec(key=f"new {number}", kind=ShareKind.EQUAL)]

        # then
        after = evening.plan()
        assert_plan_holds(after, paid=evening.paid)
        assert {key: after.shares[key] for key in frozen_before} == frozen_before
        if any(key.startswith("new") for key in after.open_keys):
            assert after.unassigned.total == 0
