"""One change of set-up rows: one transaction, what it means to screens and Dojo, and a line in the audit trail.

Django's admin opens a transaction of its own around a form. Here that runs inside a service, so that what the change
published is flushed as everywhere else: order documents before the commit, screens after it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Protocol

from django.db import models
from django.http import HttpRequest, HttpResponse

from pos import audit
from pos.back_office.access import actor_of
from pos.events import Event, publish
from pos.permissions import Actor
from pos.sealed import Sealed
from pos.service import service

# Never shown, only whether it is there and whether it changed.
SECRET_COLUMNS = frozenset({"password", "pin_hash", "token_hash", "secret_hash"})

Facts = dict[str, Any]
"""What can be told of a row: the name of the fact, and its value as the audit trail keeps it."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """A secret in the facts: compared, never told."""

    raw: str

    def __str__(self) -> str:
        return "set" if self.raw else ""


class ChangesRows(Protocol):
    """What this module asks of an admin class."""

    def row_of(self, request: HttpRequest, object_id: str | None) -> models.Model | None: ...

    def hold(self, request: HttpRequest, row: models.Model | None) -> None: ...

    def facts_of(self, row: models.Model) -> Facts: ...

    def follow_up(self, change: "Change") -> None: ...

    def events_of(self, change: "Change") -> list[Event]: ...

    def audit_noun(self) -> str: ...


@dataclass(slots=True)
class Change:
    """What a manager did to one row and what hangs on it."""

    actor: Actor
    row: models.Model | None
    """As it was; the new one once it is saved."""
    before: Facts = field(default_factory=dict)
    after: Facts = field(default_factory=dict)
    is_done: bool = False
    is_new: bool = False
    is_gone: bool = False
    key: Any = None

    @property
    def venue_id(self) -> int:
        return self.actor.venue.pk

    @property
    def verb(self) -> str:
        return "add" if self.is_new else "delete" if self.is_gone else "change"

    def differs(self, *names: str) -> bool:
        """Whether any of these facts is another one now."""
        return any(_said(self.before.get(name)) != _said(self.after.get(name)) for name in names)

    @property
    def differences(self) -> dict[str, list[Any]]:
        """Fact → what it was, what it is."""
        names = [*self.before, *(name for name in self.after if name not in self.before)]
        return {
            name: [_told(self.before.get(name)), _told(self.after.get(name))] for name in names if self.differs(name)
        }


@service
def make_change(
    admin: ChangesRows, request: HttpRequest, object_id: str | None, view: Callable[[], HttpResponse]
) -> HttpResponse:
    """Run a view of the admin that may save or delete one row, as one unit.

    A form that does not hold changes nothing and tells nobody. Raises what the rows' own rules raise.
    """
    admin.hold(request, admin.row_of(request, object_id))
    # Once more, now that nobody else can change what was held.
    row = admin.row_of(request, object_id)
    change = Change(actor=actor_of(request), row=row, before=admin.facts_of(row) if row is not None else {})
    request._change = change  # type: ignore[attr-defined]
    response = view()
    if change.is_done:
        _finish(admin, request, change)
    return response


def note_saved(request: HttpRequest, row: models.Model, *, is_new: bool) -> None:
    """The form held, and this row was written."""
    change = _change_of(request)
    change.row, change.key, change.is_new, change.is_done = row, row.pk, is_new, True


def note_deleted(request: HttpRequest, row: models.Model) -> None:
    change = _change_of(request)
    change.row, change.key, change.is_gone, change.is_done = row, row.pk, True, True


def _change_of(request: HttpRequest) -> Change:
    found: Change = request._change  # type: ignore[attr-defined]
    return found


def _finish(admin: ChangesRows, request: HttpRequest, change: Change) -> None:
    if change.row is None:
        return
    if not change.is_gone:
        change.row.refresh_from_db()
        change.after = admin.facts_of(change.row)
    if not change.differences:
        return
    admin.follow_up(change)
    for event in admin.events_of(change):
        publish(event)
    noun = admin.audit_noun()
    # A superuser who does not work here has no membership to stand for them.
    by = {"by": request.user.get_username()} if change.actor.membership is None else {}
    detail: dict[str, Any] = {**by, "name": str(change.row)[:120], "changes": change.differences}
    audit.record(change.actor, f"{change.verb}_{noun}", f"{noun}_{change.key}", **detail)


def facts_of_row(row: models.Model, *, leave_out: frozenset[str] = frozenset()) -> Facts:
    """The row's own columns and plain many-to-many links, by the names people read."""
    facts: Facts = {}
    for column in row._meta.concrete_fields:
        if column.primary_key or column.name in leave_out or column.name in ("venue", "created_at"):
            continue
        facts[column.name] = _fact(row, column)
    for link in row._meta.many_to_many:
        if link.remote_field.through._meta.auto_created:  # type: ignore[union-attr]
            facts[link.name] = sorted(str(one) for one in getattr(row, link.name).all())
    return facts


def _fact(row: models.Model, column: "models.Field[Any, Any]") -> Any:
    value = getattr(row, column.name)
    if column.name in SECRET_COLUMNS:
        return Hidden(value)
    if isinstance(value, Sealed):
        return Hidden(value.token)
    if isinstance(value, models.Model):
        return str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return value


def _said(fact: Any) -> Any:
    """Nothing written and no such fact are the same."""
    is_empty = fact in ("", [], {}) or (isinstance(fact, Hidden) and not fact.raw)
    return None if is_empty else fact


def _told(fact: Any) -> Any:
    return str(fact) if isinstance(fact, Hidden) else fact
