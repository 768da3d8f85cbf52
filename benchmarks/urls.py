"""All that a venue serves, and the floor that it is measured against."""

from django.urls import URLPattern, URLResolver, path

from benchmarks import floor
from pos.urls import urlpatterns as our_own

urlpatterns: list[URLPattern | URLResolver] = [
    path("floor/worker", floor.worker),
    path("floor/orders", floor.create_order),
    path("floor/orders/search", floor.search_orders),
    path("floor/orders/<str:order_id>", floor.get_order),
    path("floor/orders/<str:order_id>/record-payment", floor.record_payment),
    *our_own,
]
