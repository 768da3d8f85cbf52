"""The WebSocket route of the Integration page."""

from django.urls import path

from dojo_integration.consumers import IntegrationConsumer

websocket_routes = [path("ws/<slug:venue>/integration", IntegrationConsumer.as_asgi())]
