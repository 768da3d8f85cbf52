"""Every model has a factory, and every factory makes a row that the database accepts."""

import pytest
from django.apps import apps
from factory.django import DjangoModelFactory

from tests import factories

OUR_APPS = ("pos", "floorplan", "bookings", "orders", "dojo_integration")
# Made with the venue itself, once.
WITHOUT_FACTORY = {"OrderNumber"}

FACTORIES = {
    factory._meta.model: factory
    for factory in vars(factories).values()
    if isinstance(factory, type) and issubclass(factory, DjangoModelFactory) and factory is not DjangoModelFactory
}


def test_every_model_has_a_factory() -> None:
    models = {
        model for label in OUR_APPS for model in apps.get_app_config(label).get_models() if not model._meta.auto_created
    }

    assert {model.__name__ for model in models - set(FACTORIES)} == WITHOUT_FACTORY


@pytest.mark.django_db
@pytest.mark.parametrize("factory", FACTORIES.values(), ids=lambda factory: factory.__name__)
def test_a_factory_makes_a_row(factory: type[DjangoModelFactory]) -> None:
    made = factory()

    assert type(made).objects.get(pk=made.pk) == made
