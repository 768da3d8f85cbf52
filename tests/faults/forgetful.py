"""An app of a control that takes the key away: whoever asks for an intent gets one that nobody ever heard of."""

from django.apps import AppConfig


class Forgetful(AppConfig):
    name = "tests.faults.forgetful"

    def ready(self) -> None:
        # Models can be imported from now on, and not before.
        from orders.models import PaymentIntent
        from orders.services import intents, payments

        def a_stranger(venue, intent_id):
            return PaymentIntent(venue=venue, intent_id=intent_id)

        intents.intent_for_update = payments.intent_for_update = a_stranger
