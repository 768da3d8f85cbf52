"""The sandbox's only row locks."""

from dojo_integration.sandbox.models import Intent, Session


def intent_for_update(intent_id: str) -> Intent:
    """Raises Intent.DoesNotExist."""
    return Intent.objects.select_for_update().get(pk=intent_id)


def session_for_update(session_id: str) -> Session:
    """Raises Session.DoesNotExist."""
    return Session.objects.select_for_update(of=("self",)).select_related("terminal__account").get(pk=session_id)
