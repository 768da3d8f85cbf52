"""What the conversation with Dojo does not need for ever."""

from datetime import timedelta

from django.utils import timezone

from dojo_integration.models import AnsweredRequest, DojoEvent
from dojo_integration.request_memory import KEPT_FOR
from pos.service import service

# Dojo repeats an event for days at most; the rest of the time is for whoever wants to know what it said.
EVENTS_KEPT_FOR = timedelta(days=90)


@service
def forget_answered_requests() -> int:
    """Forget requests that Dojo no longer sends again; says how many."""
    return AnsweredRequest.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()[0]


@service
def forget_handled_events() -> int:
    """Forget what Dojo told of long ago and what is done with; says how many."""
    return DojoEvent.objects.filter(handled_at__lt=timezone.now() - EVENTS_KEPT_FOR).delete()[0]
