"""What an order costs, to the penny: bills that a waiter can check by hand, then laws for any order."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.pricing import (
    NO_SERVICE,
    LineKind,
    LineTotals,
    PricedDiscount,
    PricedLine,
    PricedModifier,
    PricedSubItem,
    Service,
    ServiceKind,
    TaxLine,
    Totals,
    price,
    vat_breakdown,
)
from pos.money import percent_of, tax_contained

UK_STANDARD = 2000
UK_ZERO = 0
IRISH_FOOD = 1350
IRISH_SECOND_REDUCED = 900
IRISH_STANDARD = 2300

PINT = PricedLine(key="pint", quantity=2, unit_price=620, vat_rate=UK_STANDARD)
FISH = PricedLine(key="fish", quantity=1, unit_price=1650, vat_rate=UK_STANDARD)
COLD_SANDWICH_TO_GO = PricedLine(key="sandwich", quantity=1, unit_price=450, vat_rate=UK_ZERO)
VOUCHER = PricedLine(key="voucher", quantity=1, unit_price=5000, vat_rate=UK_STANDARD, kind=LineKind.VOUCHER)
BOTTLE_DEPOSIT = PricedLine(
    key="deposit", quantity=4, unit_price=15, vat_rate=IRISH_STANDARD, kind=LineKind.CONTAINER_DEPOSIT
)


def discretionary(rate: int) -> Service:
    return Service(kind=ServiceKind.DISCRETIONARY, rate=rate)


def compulsory(rate: int) -> Service:
    return Service(kind=ServiceKind.COMPULSORY, rate=rate)


def off(key: str, amount: int) -> PricedDiscount:
    return PricedDiscount(key, amount=amount)


def percent_off(key: str, percent: int) -> PricedDiscount:
    return PricedDiscount(key, percent=percent)


def only_line(totals: Totals) -> LineTotals:
    (line,) = totals.lines
    return line


# --- lines -----------------------------------------------------------------------------------------------------------


def test_a_pub_bill_states_the_vat_that_its_prices_contain() -> None:
    totals = price([PINT, FISH, COLD_SANDWICH_TO_GO], [], NO_SERVICE, tax_inclusive=True)

    assert totals.total == 3340
    assert totals.goods_total == 3340
    assert totals.tax_lines == (TaxLine(2000, base=2408, amount=482), TaxLine(0, base=450, amount=0))
    assert totals.tax_total == 482
    assert totals.tax_added == 0
    assert totals.service_charge == 0


def test_an_irish_bill_has_three_rates() -> None:
    # given
    steak = PricedLine(key="steak", quantity=1, unit_price=2850, vat_rate=IRISH_FOOD)
    wine = PricedLine(key="wine", quantity=2, unit_price=780, vat_rate=IRISH_STANDARD)
    cake = PricedLine(key="cake", quantity=1, unit_price=545, vat_rate=IRISH_SECOND_REDUCED)

    # when
    totals = price([steak, wine, cake], [], NO_SERVICE, tax_inclusive=True)

    # then
    assert totals.total == 4955
    assert totals.tax_lines == (
        TaxLine(2300, base=1268, amount=292),  # 291.71
        TaxLine(1350, base=2511, amount=339),  # 338.99
        TaxLine(900, base=500, amount=45),
    )


def test_two_burgers_with_double_cheese() -> None:
    burgers = PricedLine(
        key="burger", quantity=2, unit_price=1200, vat_rate=UK_STANDARD, modifiers=(PricedModifier(2, 100),)
    )

    assert price([burgers], [], NO_SERVICE, tax_inclusive=True).total == 2800


def test_a_modifier_may_lower_a_price_but_no_line_falls_below_zero() -> None:
    without_bacon = PricedLine(key="a", quantity=1, unit_price=900, vat_rate=2000, modifiers=(PricedModifier(1, -150),))
    absurd = PricedLine(key="b", quantity=3, unit_price=100, vat_rate=2000, modifiers=(PricedModifier(1, -150),))

    totals = price([without_bacon, absurd], [], NO_SERVICE, tax_inclusive=True)

    assert [line.net for line in totals.lines] == [750, 0]
    assert totals.total == 750


def test_a_combo_costs_its_price_and_the_supplements_of_its_parts() -> None:
    # given two combos at £10, each with a side for £1 more, on it two dips at 50p
    combo = PricedLine(
        key="combo",
        quantity=2,
        unit_price=1000,
        vat_rate=UK_STANDARD,
        sub_items=(
            PricedSubItem(quantity=1, price=0, vat_rate=UK_STANDARD, standalone_price=900),
            PricedSubItem(
                quantity=1, price=100, vat_rate=UK_STANDARD, standalone_price=400, modifiers=(PricedModifier(2, 50),)
            ),
        ),
    )

    # then
    assert price([combo], [], NO_SERVICE, tax_inclusive=True).total == 2 * (1000 + 100 + 100)


def test_a_combo_is_taxed_by_what_its_parts_cost_alone() -> None:
    # given a take-away deal at £10: a hot burger (£9), a fizzy drink (£3), a cold salad (£3, zero-rated)
    deal = PricedLine(
        key="deal",
        quantity=1,
        unit_price=1000,
        vat_rate=UK_STANDARD,
        sub_items=(
            PricedSubItem(quantity=1, price=0, vat_rate=UK_STANDARD, standalone_price=900),
            PricedSubItem(quantity=1, price=0, vat_rate=UK_STANDARD, standalone_price=300),
            PricedSubItem(quantity=1, price=0, vat_rate=UK_ZERO, standalone_price=300),
        ),
    )

    # when
    totals = price([deal], [], NO_SERVICE, tax_inclusive=True)

    # then £6 + £2 at 20 %, £2 at 0 %
    assert totals.tax_lines == (TaxLine(2000, base=667, amount=133), TaxLine(0, base=200, amount=0))
    assert only_line(totals).tax_lines == totals.tax_lines


def test_a_combo_splits_an_odd_penny_by_largest_remainder() -> None:
    thirds = tuple(PricedSubItem(quantity=1, price=0, vat_rate=rate, standalone_price=500) for rate in (0, 900, 1350))
    combo = PricedLine(key="combo", quantity=1, unit_price=1000, vat_rate=0, sub_items=thirds)

    totals = price([combo], [], NO_SERVICE, tax_inclusive=False)

    assert {tax_line.rate: tax_line.base for tax_line in totals.tax_lines} == {0: 334, 900: 333, 1350: 333}


def test_a_part_without_a_price_of_its_own_weighs_its_supplement_and_a_combo_without_any_has_its_own_rate() -> None:
    # given
    dip = PricedSubItem(quantity=1, price=100, vat_rate=UK_ZERO)
    bread = PricedSubItem(quantity=1, price=0, vat_rate=UK_STANDARD)
    weighed = PricedLine(key="a", quantity=1, unit_price=900, vat_rate=1350, sub_items=(dip, bread))
    weightless = PricedLine(key="b", quantity=1, unit_price=900, vat_rate=1350, sub_items=(bread,))

    # when
    totals = price([weighed, weightless], [], NO_SERVICE, tax_inclusive=False)

    # then
    assert totals.lines[0].tax_lines == (TaxLine(UK_ZERO, 1000, 0),)
    assert totals.lines[1].tax_lines == (TaxLine(1350, 900, 122),)  # 121.5


# --- discounts -------------------------------------------------------------------------------------------------------


def test_line_discounts_apply_in_their_order_and_a_later_percentage_is_of_the_rest() -> None:
    def fish(*discounts: PricedDiscount) -> PricedLine:
        return PricedLine(key="fish", quantity=1, unit_price=1650, vat_rate=UK_STANDARD, discounts=discounts)

    off_first = price([fish(off("£5", 500), percent_off("10 %", 1000))], [], NO_SERVICE, tax_inclusive=True)
    percent_first = price([fish(percent_off("10 %", 1000), off("£5", 500))], [], NO_SERVICE, tax_inclusive=True)

    assert off_first.discounts == {"£5": 500, "10 %": 115}
    assert off_first.total == 1035
    assert percent_first.discounts == {"10 %": 165, "£5": 500}
    assert percent_first.total == 985


def test_a_discount_takes_only_what_is_there() -> None:
    # given £20 off a pint, and £50 off the order
    pint = PricedLine(key="pint", quantity=1, unit_price=620, vat_rate=2000, discounts=(off("line", 2000),))
    sandwich = PricedLine(key="sandwich", quantity=1, unit_price=450, vat_rate=0)

    # when
    totals = price([pint, sandwich], [off("order", 5000), off("too late", 100)], NO_SERVICE, tax_inclusive=True)

    # then
    assert totals.discounts == {"line": 620, "order": 450, "too late": 0}
    assert totals.discount_total == 1070
    assert totals.total == 0
    assert totals.tax_lines == ()


def test_order_discounts_spread_over_the_goods_by_largest_remainder() -> None:
    # given three equal starters, £1 off the lot
    starters = [PricedLine(key=key, quantity=1, unit_price=700, vat_rate=2000) for key in "abc"]

    # when
    totals = price(starters, [off("£1", 100)], NO_SERVICE, tax_inclusive=True)

    # then
    assert [line.order_discount for line in totals.lines] == [34, 33, 33]
    assert [line.net for line in totals.lines] == [666, 667, 667]


def test_order_discounts_apply_in_their_order() -> None:
    totals = price([FISH], [percent_off("10 %", 1000), percent_off("again", 1000)], NO_SERVICE, tax_inclusive=True)

    assert totals.discounts == {"10 %": 165, "again": 149}  # 148.5
    assert totals.total == 1336


def test_one_discount_on_several_lines_is_one_amount() -> None:
    happy_hour = (percent_off("happy hour", 5000),)
    lines = [
        PricedLine(key=key, quantity=1, unit_price=price_, vat_rate=2000, discounts=happy_hour)
        for key, price_ in (("a", 620), ("b", 545))
    ]

    totals = price(lines, [], NO_SERVICE, tax_inclusive=True)

    assert totals.discounts == {"happy hour": 310 + 273}


def test_a_discount_below_nothing_takes_nothing() -> None:
    totals = price([FISH], [off("odd", -100)], NO_SERVICE, tax_inclusive=True)

    assert totals.total == 1650
    assert totals.discounts == {"odd": 0}


@pytest.mark.parametrize(("amount", "percent"), [(None, None), (100, 1000)])
def test_a_discount_is_an_amount_or_a_percentage(amount: int | None, percent: int | None) -> None:
    with pytest.raises(ValueError, match="'x'"):
        PricedDiscount("x", amount=amount, percent=percent)


# --- given away, vouchers, deposits ----------------------------------------------------------------------------------


def test_a_comped_line_stays_at_its_price_in_the_mix_and_costs_nothing() -> None:
    # given
    comped = PricedLine(
        key="fish", quantity=1, unit_price=1650, vat_rate=2000, free=True, discounts=(off("line", 300),)
    )

    # when
    totals = price([PINT, comped], [percent_off("10 %", 1000)], discretionary(1250), tax_inclusive=True)

    # then
    fish = totals.lines[1]
    assert (fish.gross, fish.given_away, fish.line_discount, fish.order_discount, fish.net) == (1650, 1650, 0, 0, 0)
    assert fish.tax_lines == ()
    assert totals.given_away_total == 1650
    assert totals.discounts == {"line": 0, "10 %": 124}
    assert totals.goods_total == 1116
    assert totals.service_charge == 140  # 139.5: of the drinks alone


def test_a_staff_meal_costs_what_the_rule_says() -> None:
    # given
    half = PricedLine(key="fish", quantity=1, unit_price=1650, vat_rate=2000, set_price=825)
    free = PricedLine(key="soup", quantity=1, unit_price=700, vat_rate=2000, set_price=0)

    # when
    totals = price([half, free], [], NO_SERVICE, tax_inclusive=True)

    # then
    assert [(line.gross, line.given_away, line.net) for line in totals.lines] == [(1650, 825, 825), (700, 700, 0)]
    assert totals.total == 825
    assert totals.given_away_total == 1525


def test_a_price_rule_above_the_menu_gives_nothing_away() -> None:
    line = PricedLine(key="fish", quantity=1, unit_price=500, vat_rate=2000, set_price=825)

    priced = only_line(price([line], [], NO_SERVICE, tax_inclusive=True))

    assert (priced.gross, priced.given_away, priced.net) == (825, 0, 825)


def test_a_voucher_sold_is_outside_discounts_service_and_vat() -> None:
    totals = price([FISH, VOUCHER], [percent_off("10 %", 1000)], discretionary(1250), tax_inclusive=True)

    assert totals.goods_total == 1485
    assert totals.voucher_total == 5000
    assert totals.service_charge == 186  # 185.625
    assert totals.total == 1485 + 5000 + 186
    assert totals.tax_lines == (TaxLine(2000, base=1237, amount=248),)
    assert (totals.lines[1].order_discount, totals.lines[1].service_base, totals.lines[1].tax) == (0, 0, 0)


def test_a_line_discount_on_a_voucher_takes_nothing() -> None:
    voucher = PricedLine(
        key="v", quantity=1, unit_price=5000, vat_rate=0, kind=LineKind.VOUCHER, discounts=(off("x", 500),)
    )

    totals = price([voucher], [], NO_SERVICE, tax_inclusive=True)

    assert totals.total == 5000
    assert totals.discounts == {"x": 0}


def test_a_container_deposit_is_passed_on_untouched() -> None:
    # given four bottles of beer and the deposit on them
    beer = PricedLine(key="beer", quantity=4, unit_price=600, vat_rate=IRISH_STANDARD)

    # when
    totals = price([beer, BOTTLE_DEPOSIT], [percent_off("half", 5000)], discretionary(1000), tax_inclusive=True)

    # then
    assert totals.goods_total == 1200
    assert totals.deposit_total == 60
    assert totals.service_charge == 120
    assert totals.total == 1380
    assert totals.tax_lines == (TaxLine(2300, base=976, amount=224),)


# --- service ---------------------------------------------------------------------------------------------------------


def test_discretionary_service_is_outside_vat() -> None:
    # given the bill of the pay screen
    goods = PricedLine(key="goods", quantity=1, unit_price=8284, vat_rate=UK_STANDARD)

    # when
    totals = price([goods], [], discretionary(1250), tax_inclusive=True)

    # then
    assert totals.service_charge == 1036
    assert totals.total == 9320
    assert totals.tax_lines == (TaxLine(2000, base=6903, amount=1381),)
    assert totals.service_tax_lines == ()


def test_compulsory_service_contains_vat_at_the_rates_of_the_goods() -> None:
    # given £30 at 13.5 % and £10 at 23 %, 10 % service: £3 and £1 of it
    food = PricedLine(key="food", quantity=1, unit_price=3000, vat_rate=IRISH_FOOD)
    wine = PricedLine(key="wine", quantity=1, unit_price=1000, vat_rate=IRISH_STANDARD)

    # when
    totals = price([food, wine], [], compulsory(1000), tax_inclusive=True)

    # then
    assert totals.service_charge == 400
    assert totals.total == 4400
    assert totals.tax_lines == (
        TaxLine(2300, base=894, amount=206),  # of £11.00: 205.69
        TaxLine(1350, base=2907, amount=393),  # of £33.00: 392.51
    )
    assert [tax_line.gross for tax_line in totals.service_tax_lines] == [100, 300]
    assert totals.service_tax_lines == (TaxLine(2300, 81, 19), TaxLine(1350, 264, 36))


def test_compulsory_service_is_taxed_on_top_where_prices_are_without_tax() -> None:
    # given
    food = PricedLine(key="food", quantity=1, unit_price=3000, vat_rate=IRISH_FOOD)

    # when
    totals = price([food], [], compulsory(1000), tax_inclusive=False)

    # then
    assert totals.service_charge == 300
    assert totals.tax_lines == (TaxLine(1350, base=3300, amount=446),)  # 445.5, once
    assert totals.tax_added == 446
    assert totals.total == 3746
    assert only_line(totals).owed + totals.service_owed == 3746
    assert totals.service_owed == 341  # 300 and its part of the 446, largest remainder


def test_service_stated_by_dojo_is_taken_as_stated() -> None:
    stated = Service(kind=ServiceKind.DISCRETIONARY, rate=1250, fixed=199)

    assert price([FISH], [], stated, tax_inclusive=True).total == 1849


def test_service_that_shares_took_off_is_off_the_bill_and_never_below_zero() -> None:
    def with_waived(amount: int) -> Totals:
        service = Service(kind=ServiceKind.DISCRETIONARY, rate=1000, waived=amount)
        return price([FISH], [], service, tax_inclusive=True)

    assert (with_waived(40).service_charge, with_waived(40).service_waived) == (125, 40)
    assert (with_waived(1000).service_charge, with_waived(1000).service_waived) == (0, 165)


def test_without_a_kind_there_is_no_service() -> None:
    assert price([FISH], [], Service(rate=1250, fixed=300), tax_inclusive=True).service_charge == 0


def test_compulsory_service_on_vouchers_alone_has_no_rate_to_carry() -> None:
    totals = price([VOUCHER], [], Service(kind=ServiceKind.COMPULSORY, fixed=200), tax_inclusive=True)

    assert totals.total == 5200
    assert totals.tax_lines == ()


# --- prices without tax ----------------------------------------------------------------------------------------------


def test_tax_is_added_once_per_rate_on_the_discounted_base() -> None:
    # given three lines of 33p: 20 % of each is 6.6p, of all 19.8p, less a penny off 19.6p
    lines = [PricedLine(key=key, quantity=1, unit_price=33, vat_rate=2000) for key in "abc"]

    # when
    totals = price(lines, [off("1p", 1)], NO_SERVICE, tax_inclusive=False)

    # then
    assert totals.tax_lines == (TaxLine(2000, base=98, amount=20),)
    assert totals.total == 118
    assert [line.tax for line in totals.lines] == [6, 7, 7]
    assert sum(line.owed for line in totals.lines) == 118


def test_an_empty_order_costs_nothing() -> None:
    totals = price([], [off("x", 100)], discretionary(1250), tax_inclusive=True)

    assert (totals.total, totals.tax_total, totals.service_charge, totals.lines) == (0, 0, 0, ())
    assert totals.discounts == {"x": 0}


def test_a_z_report_sums_what_the_bills_state() -> None:
    # given two bills of 3p at 20 %: each states 1p, though 6p in one would too
    crumb = PricedLine(key="crumb", quantity=1, unit_price=3, vat_rate=2000)
    bill = price([crumb, COLD_SANDWICH_TO_GO], [], NO_SERVICE, tax_inclusive=True)

    # then
    assert vat_breakdown([bill, bill]) == (TaxLine(2000, base=4, amount=2), TaxLine(0, base=900, amount=0))
    assert vat_breakdown([]) == ()


# --- laws ------------------------------------------------------------------------------------------------------------

RATES = st.sampled_from([0, 500, 900, 1350, 2000, 2300])
PRICES = st.integers(min_value=0, max_value=20_000)
DISCOUNT_KEYS = st.sampled_from(["happy hour", "staff", "spring", "sorry"])
DISCOUNTS = st.one_of(
    st.builds(PricedDiscount, DISCOUNT_KEYS, amount=st.integers(min_value=0, max_value=5_000)),
    st.builds(PricedDiscount, DISCOUNT_KEYS, percent=st.integers(min_value=0, max_value=10_000)),
)
DISCOUNT_LISTS = st.lists(DISCOUNTS, max_size=3)
MODIFIERS = st.lists(
    st.builds(PricedModifier, st.integers(min_value=1, max_value=3), st.integers(min_value=-200, max_value=500)),
    max_size=2,
).map(tuple)
SUB_ITEMS = st.lists(
    st.builds(
        PricedSubItem,
        quantity=st.integers(min_value=1, max_value=2),
        price=st.integers(min_value=0, max_value=500),
        vat_rate=RATES,
        standalone_price=st.none() | PRICES,
        modifiers=MODIFIERS,
    ),
    max_size=3,
).map(tuple)
LINES = st.builds(
    PricedLine,
    key=st.just("line"),
    quantity=st.integers(min_value=1, max_value=6),
    unit_price=PRICES,
    vat_rate=RATES,
    modifiers=MODIFIERS,
    sub_items=SUB_ITEMS,
    kind=st.sampled_from([LineKind.GOODS] * 6 + [LineKind.VOUCHER, LineKind.CONTAINER_DEPOSIT]),
    discounts=DISCOUNT_LISTS.map(tuple),
    free=st.sampled_from([False] * 5 + [True]),
    set_price=st.sampled_from([None] * 5) | PRICES,
)
ORDERS = st.lists(LINES, max_size=8)
SERVICES = st.builds(
    Service,
    kind=st.sampled_from(ServiceKind),
    rate=st.sampled_from([0, 1000, 1250, 1333]),
    fixed=st.none() | st.integers(min_value=0, max_value=2_000),
    waived=st.sampled_from([0, 0, 100]),
)


@given(ORDERS, DISCOUNT_LISTS, SERVICES, st.booleans())
def test_every_total_adds_up_and_nothing_is_negative(
    lines: list[PricedLine], discounts: list[PricedDiscount], service: Service, tax_inclusive: bool
) -> None:
    totals = price(lines, discounts, service, tax_inclusive=tax_inclusive)

    # then the bill adds up from the top
    parts = totals.goods_total + totals.voucher_total + totals.deposit_total
    assert totals.total == parts + totals.tax_added + totals.service_charge
    assert totals.tax_total == sum(tax_line.amount for tax_line in totals.tax_lines)
    # and from its lines
    assert totals.total == sum(line.owed for line in totals.lines) + totals.service_owed
    assert sum(line.net for line in totals.lines) == parts
    assert sum(line.line_discount + line.order_discount for line in totals.lines) == totals.discount_total
    assert totals.discount_total == sum(totals.discounts.values())
    for line in totals.lines:
        assert line.gross == line.given_away + line.line_discount + line.order_discount + line.net
        assert min(line.gross, line.given_away, line.line_discount, line.order_discount, line.net, line.tax) >= 0
        assert line.service_base == (line.net if line.kind == LineKind.GOODS else 0)
    assert min(totals.total, totals.service_charge, totals.service_owed, totals.tax_total) >= 0


@given(ORDERS, DISCOUNT_LISTS, SERVICES, st.booleans())
def test_tax_is_rounded_once_per_rate_and_told_to_the_lines_exactly(
    lines: list[PricedLine], discounts: list[PricedDiscount], service: Service, tax_inclusive: bool
) -> None:
    totals = price(lines, discounts, service, tax_inclusive=tax_inclusive)

    for tax_line in totals.tax_lines:
        if tax_inclusive:
            assert tax_line.amount == tax_contained(tax_line.gross, tax_line.rate)
        else:
            assert tax_line.amount == percent_of(tax_line.base, tax_line.rate)
        told = [
            part
            for part in (*totals.service_tax_lines, *(part for line in totals.lines for part in line.tax_lines))
            if part.rate == tax_line.rate
        ]
        assert sum(part.amount for part in told) == tax_line.amount
        assert sum(part.base for part in told) == tax_line.base
        assert all(part.base >= 0 and part.amount >= 0 for part in told)
    rates = [tax_line.rate for tax_line in totals.tax_lines]
    assert rates == sorted(set(rates), reverse=True)


@given(ORDERS, DISCOUNT_LISTS, SERVICES, RATES)
def test_in_an_inclusive_venue_the_rates_never_change_the_total(
    lines: list[PricedLine], discounts: list[PricedDiscount], service: Service, rate: int
) -> None:
    # given the same order with all of it at another rate
    rerated = [
        PricedLine(
            key=line.key,
            quantity=line.quantity,
            unit_price=line.unit_price,
            vat_rate=rate,
            modifiers=line.modifiers,
            sub_items=tuple(
                PricedSubItem(quantity=part.quantity, price=part.price, vat_rate=rate, modifiers=part.modifiers)
                for part in line.sub_items
            ),
            kind=line.kind,
            discounts=line.discounts,
            free=line.free,
            set_price=line.set_price,
        )
        for line in lines
    ]

    # then
    assert (
        price(lines, discounts, service, tax_inclusive=True).total
        == price(rerated, discounts, service, tax_inclusive=True).total
    )


@given(ORDERS, DISCOUNT_LISTS)
def test_the_vat_bases_cover_the_goods_exactly(lines: list[PricedLine], discounts: list[PricedDiscount]) -> None:
    totals = price(lines, discounts, NO_SERVICE, tax_inclusive=False)

    assert sum(tax_line.base for tax_line in totals.tax_lines) == totals.goods_total


@given(ORDERS, DISCOUNT_LISTS, SERVICES, st.randoms(use_true_random=False))
def test_the_order_of_the_lines_does_not_change_an_inclusive_total(
    lines: list[PricedLine], discounts: list[PricedDiscount], service: Service, random: Random
) -> None:
    # given
    shuffled = list(lines)
    random.shuffle(shuffled)

    # when
    one = price(lines, discounts, service, tax_inclusive=True)
    other = price(shuffled, discounts, service, tax_inclusive=True)

    # then
    assert one.total == other.total
    assert one.discounts == other.discounts
    assert one.service_charge == other.service_charge


@given(ORDERS, SERVICES, st.booleans(), st.randoms(use_true_random=False))
def test_without_order_discounts_the_order_of_the_lines_changes_no_tax_either(
    lines: list[PricedLine], service: Service, tax_inclusive: bool, random: Random
) -> None:
    # given
    shuffled = list(lines)
    random.shuffle(shuffled)

    # when
    one = price(lines, [], service, tax_inclusive=tax_inclusive)
    other = price(shuffled, [], service, tax_inclusive=tax_inclusive)

    # then
    assert one.total == other.total
    assert one.tax_lines == other.tax_lines


@given(ORDERS, DISCOUNT_LISTS, DISCOUNTS, st.booleans())
def test_a_discount_lowers_the_goods_by_exactly_what_it_took_and_removing_it_restores_them(
    lines: list[PricedLine], discounts: list[PricedDiscount], extra: PricedDiscount, tax_inclusive: bool
) -> None:
    # given
    added = PricedDiscount("the extra one", amount=extra.amount, percent=extra.percent)

    # when
    before = price(lines, discounts, NO_SERVICE, tax_inclusive=tax_inclusive)
    discounted = price(lines, [*discounts, added], NO_SERVICE, tax_inclusive=tax_inclusive)

    # then
    assert discounted.goods_total + discounted.discounts["the extra one"] == before.goods_total
    assert {key: amount for key, amount in discounted.discounts.items() if key != added.key} == before.discounts
    assert discounted.total <= before.total
    assert price(lines, discounts, NO_SERVICE, tax_inclusive=tax_inclusive) == before


@given(ORDERS, DISCOUNT_LISTS, st.sampled_from([1000, 1250]))
def test_discretionary_service_adds_itself_and_changes_no_tax(
    lines: list[PricedLine], discounts: list[PricedDiscount], rate: int
) -> None:
    bare = price(lines, discounts, NO_SERVICE, tax_inclusive=True)
    served = price(lines, discounts, discretionary(rate), tax_inclusive=True)

    assert served.service_charge == percent_of(bare.goods_total, rate)
    assert served.total == bare.total + served.service_charge
    assert served.tax_lines == bare.tax_lines


@given(ORDERS, DISCOUNT_LISTS, SERVICES, st.booleans())
def test_comping_everything_leaves_no_goods_to_pay(
    lines: list[PricedLine], discounts: list[PricedDiscount], service: Service, tax_inclusive: bool
) -> None:
    # given
    comped = [
        PricedLine(key=line.key, quantity=line.quantity, unit_price=line.unit_price, vat_rate=line.vat_rate, free=True)
        for line in lines
    ]

    # when
    totals = price(comped, discounts, service, tax_inclusive=tax_inclusive)

    # then
    assert totals.goods_total == 0
    assert totals.discount_total == 0
    assert totals.given_away_total == sum(line.quantity * line.unit_price for line in lines)
    if service.fixed is None:
        assert totals.total == 0


@given(st.lists(st.tuples(ORDERS, SERVICES), max_size=3))
def test_a_period_states_exactly_what_its_bills_stated(bills: list[tuple[list[PricedLine], Service]]) -> None:
    priced = [price(lines, [], service, tax_inclusive=True) for lines, service in bills]

    period = vat_breakdown(priced)

    assert sum(tax_line.amount for tax_line in period) == sum(bill.tax_total for bill in priced)
    assert sum(tax_line.gross for tax_line in period) == sum(
        tax_line.gross for bill in priced for tax_line in bill.tax_lines
    )
