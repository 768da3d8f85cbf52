"""The pages of the integration, for a venue's managers."""

from django.urls import path

from dojo_integration import views

urlpatterns = [
    path("<slug:venue>/integration", views.integration, name="integration"),
    path("<slug:venue>/integration/calls", views.calls, name="integration_calls"),
    path("<slug:venue>/integration/calls/<slug:call_id>", views.call, name="integration_call"),
    path("<slug:venue>/integration/capabilities", views.capabilities, name="integration_capabilities"),
    path("<slug:venue>/integration/register", views.register_capabilities, name="register_capabilities"),
    path("<slug:venue>/integration/socket", views.ask_socket, name="ask_socket"),
    path("<slug:venue>/integration/outbox/retry", views.send_all_again, name="send_all_again"),
    path("<slug:venue>/integration/outbox/<int:event_id>/retry", views.send_again, name="send_again"),
    path("<slug:venue>/integration/inbox/<int:event_id>/retry", views.look_again, name="look_again"),
]
