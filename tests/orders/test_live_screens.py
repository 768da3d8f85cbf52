"""The sockets behind the screens: who may listen, to what, and how soon they hear."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from channels.layers import channel_layers
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from orders.models import Station
from orders.services.seating import seat_party
from pos import live
from pos.asgi import application
from pos.consumers import NOT_FOUND
from pos.events import MenuChanged, OrderChanged, StationChanged
from pos.ids import ORDER, new_id
from pos.models import Membership
from tests.factories import WorkingVenue, a_venue

pytestmark = pytest.mark.django_db(transaction=True)

ORIGIN = b"http://testserver"


@pytest.fixture
def house(transactional_db: None) -> WorkingVenue:
    return a_venue("GB", slug="old-mill")


def listen(path: str, member: Membership | None, then=None, *, origin: bytes = ORIGIN) -> list[Any]:
    """Open the socket, do something, and say what came: messages, and at the end the code it was closed with."""
    headers = [(b"origin", origin), (b"host", b"testserver")]
    if member is not None:
        client = Client()
        client.force_login(member.staff)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={session}".encode()))

    # A layer's locks belong to the loop that first waited for them, and each call here has a loop of its own.
    channel_layers.set("default", channel_layers.make_backend("default"))

    async def talk() -> list[Any]:
        socket = WebsocketCommunicator(application, path, headers=headers)
        accepted, _ = await socket.connect(timeout=5)
        if not accepted:
            return ["refused"]
        heard: list[Any] = []
        while True:
            message = await socket.receive_output(timeout=5)
            if message["type"] == "websocket.close":
                return [*heard, message["code"]]
            heard.append(message["text"])
            if len(heard) == 1 and then is not None:
                await asyncio.to_thread(then)
            if then is None or len(heard) == 2:
                await socket.disconnect()
                return heard

    return async_to_sync(talk)()


def test_the_floor_hears_of_a_party_once_it_is_seated(house: WorkingVenue) -> None:
    def seat() -> None:
        seat_party(actor=house.by_waiter, table_ids=[house.tables["t1"].pk], covers=2)

    hello, changed = listen("/ws/old-mill/floor", house.supervisor, seat)
    assert hello == '{"type": "hello"}'
    assert changed.startswith('{"type": "changed", "what": ["party:party_')


def test_an_order_a_table_and_a_station_hear_of_theirs_and_of_the_menu(house: WorkingVenue) -> None:
    order, venue = new_id(ORDER), house.venue.pk
    kitchen = Station.objects.get(venue=house.venue, code="kitchen")
    for path, event, what in (
        (f"orders/{order}", OrderChanged(venue_id=venue, order_id=order), f"order:{order}"),
        (f"orders/{order}", MenuChanged(venue_id=venue), "menu"),
        ("tables/t1", OrderChanged(venue_id=venue, order_id=order), f"order:{order}"),
        ("tables/t1", MenuChanged(venue_id=venue), "menu"),
        ("stations/kitchen", StationChanged(venue_id=venue, station_id=kitchen.pk), f"station:{kitchen.pk}"),
    ):
        heard = listen(f"/ws/old-mill/{path}", house.waiter, lambda event=event: live.push([event]))
        assert heard[1] == f'{{"type": "changed", "what": ["{what}"]}}'


def test_who_does_not_work_here_hears_nothing(house: WorkingVenue) -> None:
    stranger = a_venue("GB", slug="new-mill").manager
    gone = house.waiter
    gone.is_active = False
    gone.save()
    for member in (None, stranger, gone):
        assert listen("/ws/old-mill/floor", member) == [NOT_FOUND]


@pytest.mark.parametrize("path", ["orders/party_1", "orders/order_1", "stations/nowhere"])
def test_what_does_not_exist_has_no_line(house: WorkingVenue, path: str) -> None:
    assert listen(f"/ws/old-mill/{path}", house.waiter) == [NOT_FOUND]


def test_a_page_of_another_site_gets_no_line(house: WorkingVenue) -> None:
    assert listen("/ws/old-mill/floor", house.waiter, origin=b"https://evil.example") == ["refused"]
