"""The socket behind the Integration page: a manager hears of every change of their own venue, and nobody else."""

from collections.abc import Callable

import pytest

from dojo_integration.models import SocketCommand
from dojo_integration.services.sockets import command_socket
from orders.models import ExceptionKind
from orders.services.exceptions import tell_manager
from pos import live
from pos.consumers import NOT_FOUND
from pos.events import CallsNoted, Event, ExceptionRaised, OutboxChanged, SocketChanged
from pos.service import service
from tests.factories import WorkingVenue, a_venue
from tests.orders.test_live_screens import listen

pytestmark = pytest.mark.django_db(transaction=True)

HELLO = '{"type": "hello"}'
SOCKET = "/ws/old-mill/integration"


@pytest.fixture
def house(transactional_db: None) -> WorkingVenue:
    return a_venue("GB", slug="old-mill")


@pytest.mark.parametrize(
    ("event", "what"),
    [
        (SocketChanged, "socket"),
        (OutboxChanged, "outbox"),
        (CallsNoted, "calls"),
        (lambda venue_id: ExceptionRaised(venue_id=venue_id, exception_id=7), "exception:7"),
    ],
)
def test_a_manager_hears_what_changed(house: WorkingVenue, event: Callable[..., Event], what: str) -> None:
    heard = listen(SOCKET, house.manager, lambda: live.push([event(venue_id=house.venue.pk)]))
    assert heard == [HELLO, f'{{"type": "changed", "what": ["{what}"]}}']


def test_a_manager_hears_of_a_command_once_it_is_given(house: WorkingVenue) -> None:
    heard = listen(
        SOCKET, house.manager, lambda: command_socket(actor=house.by_manager, command=SocketCommand.RECONNECT)
    )
    assert heard == [HELLO, '{"type": "changed", "what": ["socket"]}']


def test_an_exception_is_heard_on_the_floor_too(house: WorkingVenue) -> None:
    @service
    def find_trouble() -> None:
        tell_manager(house.venue, ExceptionKind.ORPHAN_PAYMENT, "A payment for no order of ours")

    _, changed = listen("/ws/old-mill/floor", house.waiter, find_trouble)
    assert changed.startswith('{"type": "changed", "what": ["exception:')


def test_nobody_else_may_listen(house: WorkingVenue) -> None:
    stranger = a_venue("GB", slug="new-mill").manager
    for person in (house.waiter, house.supervisor, stranger, None):
        assert listen(SOCKET, person) == [NOT_FOUND]
    # then: nor does somebody who no longer manages here
    house.manager.is_active = False
    house.manager.save()
    assert listen(SOCKET, house.manager) == [NOT_FOUND]
