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
