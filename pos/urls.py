"""Every path there is. /healthz and /readyz are answered before any of them (pos.health)."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("", include("dojo_integration.urls")),
    path("", include("pos.urls_staff")),
    path("", include("dojo_integration.urls_staff")),
    path("", include("orders.urls")),
]
