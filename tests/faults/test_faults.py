"""Whatever dies, nothing is lost and nothing is doubled; and the same drill fails without what makes it so."""

import pytest

from tests.faults.drill import Drill, Size
from tests.faults.restaurant import a_restaurant
from tests.sandbox import Sandbox

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

# The controls know from the beginning how they end.
CONTROL = Size(payments=30, changes=10, kills=3, seed=1)


def test_nothing_is_lost_or_doubled_whatever_dies(sandbox: Sandbox) -> None:
    size = Size.from_environment()
    with a_restaurant(sandbox) as restaurant:
        # when
        drill = Drill(sandbox, restaurant, size)
        verdict = drill.run()
        # then
        assert verdict.is_good, verdict
        assert len(drill.evening.paid) == size.payments
        assert len(drill.evening.changed) == size.changes
        assert drill.killer.done == size.kills


def test_without_the_sweeps_something_is_lost(sandbox: Sandbox) -> None:
    # given: the control
    with a_restaurant(sandbox, "tests.faults.without_sweeps") as restaurant:
        # when
        drill = Drill(sandbox, restaurant, CONTROL, quiet=15)
        verdict = drill.run()
        # then: what changed at the last blow is here, and Dojo never hears of it
        last = restaurant.orders[-1]
        assert any(words.startswith(f"OrderUpdated of {last} was not told") for words in verdict.lost), verdict
        assert restaurant.ask("SELECT paid_amount FROM orders_order WHERE id = %s", last) == [(700,)]


def test_without_the_key_a_payment_is_doubled(sandbox: Sandbox) -> None:
    # given: the control
    with a_restaurant(sandbox, "tests.faults.without_the_key") as restaurant:
        drill = Drill(sandbox, restaurant, CONTROL, ways=("asked on both roads at once",), quiet=15)
        restaurant.ask("DROP INDEX payment_once_per_intent")
        restaurant.ask("ALTER TABLE orders_paymentintent DROP CONSTRAINT payment_intent_id_unique")
        # when
        verdict = drill.run()
        # then
        assert verdict.doubled, verdict
