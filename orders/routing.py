"""WebSocket routes of the live screens, each under the page's own path."""

from django.urls import path

from orders.consumers import FloorConsumer, OrderConsumer, StationConsumer, TableConsumer

websocket_routes = [
    path("ws/<slug:venue>/floor", FloorConsumer.as_asgi()),
    path("ws/<slug:venue>/tables/<slug:code>", TableConsumer.as_asgi()),
    path("ws/<slug:venue>/orders/<slug:order_id>", OrderConsumer.as_asgi()),
    path("ws/<slug:venue>/stations/<slug:code>", StationConsumer.as_asgi()),
]
