"""Misbehaving on demand.

A fault holds for whatever its pattern fits: requests (``POST /epos/events``), handshakes (``GATEWAY /epos``), calls to
the POS (``CALL RecordOrderPaymentById``) and events (``EVENT webhook payment_intent.created``); ``*`` is anything.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from django.db.models import F, Q

from dojo_integration.sandbox.models import Fault

KINDS = ("delay", "drop", "duplicate", "reorder", "status", "garbage", "redirect", "hang_up", "clock")


def all_of(name: str) -> list[Fault]:
    """The faults that hold for this one time, each of which is thereby used once."""
    return list(_used(name))


def first_of(name: str) -> Fault | None:
    return next(_used(name), None)


def _used(name: str) -> Iterator[Fault]:
    for fault in Fault.objects.order_by("pk"):
        if fnmatchcase(name, fault.pattern) and _use(fault):
            yield fault


def _use(fault: Fault) -> bool:
    if fault.remaining is None:
        return True
    left = Fault.objects.filter(Q(pk=fault.pk), remaining__gt=0)
    return bool(left.update(remaining=F("remaining") - 1))
