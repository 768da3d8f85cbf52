"""One event told many times at once is one row and no error; without what sees to that, it is not."""

from collections.abc import Iterator
from functools import partial

import pytest
from django.db import IntegrityError, connection

from dojo_integration import capabilities
from dojo_integration.capabilities import find
from dojo_integration.models import DojoEvent
from pos import service
from pos.permissions import Actor
from tests.capabilities.requests import an_event
from tests.factories import WorkingVenue
from tests.races.crowd import all_at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

TIMES = 12


def tell_at_once(shop: WorkingVenue) -> list[object]:
    tell = partial(capabilities.call, find("HandleEvent"), an_event(), Actor.dojo(shop.venue))
    return all_at_once([tell] * TIMES)


@pytest.fixture
def no_constraint(db: None) -> Iterator[None]:
    (once,) = DojoEvent._meta.constraints
    with connection.schema_editor() as editor:
        editor.remove_constraint(DojoEvent, once)
    yield
    DojoEvent.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.add_constraint(DojoEvent, once)


def test_one_event_told_many_times_at_once_is_one_event(uk: WorkingVenue) -> None:
    assert tell_at_once(uk) == [b"{}"] * TIMES
    assert DojoEvent.objects.count() == 1


def test_without_the_constraint_it_is_kept_more_than_once(uk: WorkingVenue, no_constraint: None) -> None:
    # the control
    assert tell_at_once(uk) == [b"{}"] * TIMES
    assert DojoEvent.objects.count() > 1


def test_without_a_second_look_some_are_told_that_it_failed(uk: WorkingVenue, monkeypatch) -> None:
    # the control: the constraint alone would answer whoever comes second with an error
    monkeypatch.setattr(service, "_race_constraints", set())
    assert any(isinstance(result, IntegrityError) for result in tell_at_once(uk))
    assert DojoEvent.objects.count() == 1
