"""The WebSocket routes of all apps, as settings.LIVE_ROUTES lists them."""

from django.conf import settings
from django.urls import URLPattern
from django.utils.module_loading import import_string


def websocket_routes() -> list[URLPattern]:
    return [route for path in settings.LIVE_ROUTES for route in import_string(path)]
