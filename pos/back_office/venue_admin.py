"""The base of every page of the back office: one current venue, and nothing of any other.

Rows, choices, searches, filters, histories and actions are those of the current venue. What belongs to another is not
found, never forbidden, so that nobody learns what is there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.dataclasses import SearchResult
from unfold.decorators import display
from unfold.views import ChangeList

from pos.back_office.access import actor_of, venue_of
from pos.back_office.changes import Change, Facts, facts_of_row, make_change, note_deleted, note_saved
from pos.back_office.home import Figure, Step
from pos.back_office.scope import Scoped, VenueRelatedFilter, is_held_on_to
from pos.errors import PosError
from pos.events import Event
from pos.permissions import Act, may

MOST_FOUND = 8
ASKED_BY_FILTERS = ("exact", "id__exact", "in", "isnull", "gte", "lt")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
_SAME_MOMENT = "Somebody else changed the same thing at this moment. Nothing was saved: look again, then try once more."


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands in the side bar."""

    group: str
    position: int
    icon: str
    title: str = ""


class VenueChangeList(ChangeList):
    """A list that knows how many rows it has when nobody filters it, without counting them twice."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.query and not self.has_active_filters:
            self.full_result_count = self.result_count


def _read_column(column: Any, label: str) -> Callable[[Any], Any]:
    @display(description=label, ordering=column.name, boolean=isinstance(column, models.BooleanField) or None)
    def read(row: Any) -> Any:
        if column.choices:
            return getattr(row, f"get_{column.name}_display")()
        return getattr(row, column.name)

    return read


class VenueModelAdmin(Scoped, ModelAdmin):
    """A page of set-up rows: seen and changed by the venue's managers, each change told and noted."""

    act: ClassVar[Act] = Act.ADMIN
    place: ClassVar[Place | None] = None
    tells: ClassVar[Sequence[Callable[..., Event]]] = ()
    """Events of the venue that every change here means."""
    may_add: ClassVar[bool] = True
    may_change: ClassVar[bool] = True
    may_delete: ClassVar[bool] = True
    noun: ClassVar[str] = ""
    named_by: ClassVar[Sequence[str]] = ()
    """Related rows that a row's name is made of: joined wherever it can be chosen."""
    is_searched: ClassVar[bool] = True
    """Whether the search above the side bar looks here too."""

    show_full_result_count = False
    list_per_page = 50
    view_on_site = False
    list_filter_sheet = True
    list_disable_select_all = True
    nothing_yet: ClassVar[str] = ""
    """What an empty list says."""
    compressed_fields = True
    warn_unsaved_form = True
    change_form_template = "back_office/change_form.html"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._columns: dict[str, Callable[[Any], Any]] = {}

    # --- who may do what -----------------------------------------------------------------------------------------

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may(actor_of(request), self.act)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(actor_of(request), self.act)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_add and may(actor_of(request), self.act)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_change and may(actor_of(request), self.act)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_free = not isinstance(obj, self.model) or not is_held_on_to(obj)
        return self.may_delete and is_free and may(actor_of(request), self.act)

    # --- nothing of another venue --------------------------------------------------------------------------------

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [self._scoped_filter(one) for one in super().get_list_filter(request)]

    def _scoped_filter(self, listed: Any) -> Any:
        if not isinstance(listed, str) or not self._is_relation(listed):
            return listed
        return (listed, VenueRelatedFilter)

    def _is_relation(self, path: str) -> bool:
        model: Any = self.model
        for name in path.split("__"):
            column = model._meta.get_field(name)
            model = column.related_model
        return model is not None

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        # Django lets any column of the row be asked about, password hashes too. Here only what a filter offers.
        if request is None:
            return False
        names = [one[0] if isinstance(one, tuple) else one for one in self.get_list_filter(request)]
        offered = {name for name in names if isinstance(name, str)}
        # And only in the ways that filters ask: behind a related row there are columns of its own.
        return lookup in offered or any(lookup == f"{name}__{how}" for name in offered for how in ASKED_BY_FILTERS)

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        return bool(to_field == self.model._meta.pk.name)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> Any:
        raise Http404(f"No such {opts.verbose_name} here.")

    def response_action(self, request: HttpRequest, queryset: Any) -> Any:
        keys = request.POST.getlist("_selected_action")
        try:
            for key in keys:
                self.model._meta.pk.to_python(key)
        except ValidationError:
            self.message_user(request, "That is not a row of this list. Nothing was changed.", messages.ERROR)
            return None
        return super().response_action(request, queryset)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        try:
            return super().changelist_view(request, extra_context)
        except (ValueError, OverflowError, DataError):
            # A filter was given what its column cannot hold.
            return HttpResponseRedirect(request.path)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        # What goes with a row was asked when the row was: no page of its own has to allow it again.
        listed, counts, _, protected = super().get_deleted_objects(objs, request)
        return listed, counts, set(), protected

    # --- lists ---------------------------------------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return VenueChangeList

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [self._column(one) for one in super().get_list_display(request)]

    def _column(self, listed: Any) -> Any:
        """A yes or no by the words of the form; everything else by its own."""
        if listed not in self.words or hasattr(self, listed):
            return listed
        if listed not in self._columns:
            self._columns[listed] = _read_column(self.model._meta.get_field(listed), self.words[listed][0])
        return self._columns[listed]

    # --- forms ---------------------------------------------------------------------------------------------------

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        # Also for what is only shown: Django takes those words from here.
        kwargs.setdefault("labels", {name: label for name, (label, _) in self.words.items()})
        kwargs.setdefault("help_texts", {name: words for name, (_, words) in self.words.items()})
        form = super().get_form(request, obj, change, **kwargs)
        form.venue = venue_of(request)
        return form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        if "position" in {column.name for column in self.model._meta.concrete_fields}:
            last = self.get_queryset(request).aggregate(last=models.Max("position"))["last"]
            initial.setdefault("position", 0 if last is None else last + 1)
        return initial

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        context["back_office_venue"] = venue_of(request)
        return super().render_change_form(request, context, *args, **kwargs)

    # --- one change, one unit ------------------------------------------------------------------------------------

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        view = partial(super().changeform_view, request, object_id, form_url, extra_context)
        if request.method in SAFE_METHODS:
            return view()
        stated = request.POST.get("back_office_venue")
        if stated is not None and stated != str(venue_of(request).pk):
            # Opened in one venue, sent after this browser went on to another.
            here = venue_of(request).name
            self.message_user(request, f"You look after {here} now. Nothing was saved.", messages.ERROR)
            return HttpResponseRedirect(request.path)
        return self._as_one_change(request, object_id, view)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        self._refuse_unknown(request, object_id)
        return super().change_view(request, object_id, form_url, extra_context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        self._refuse_unknown(request, object_id)
        view = partial(super().delete_view, request, object_id, extra_context)
        if request.method in SAFE_METHODS:
            return view()
        return self._as_one_change(request, object_id, view)

    def _refuse_unknown(self, request: HttpRequest, object_id: str) -> None:
        # Before Django asks whether this may be changed at all: not found comes first.
        if self.row_of(request, object_id) is None:
            raise Http404(f"No such {self.opts.verbose_name} here.")

    def _as_one_change(
        self, request: HttpRequest, object_id: str | None, view: Callable[[], HttpResponse]
    ) -> HttpResponse:
        try:
            return make_change(self, request, object_id, view)
        except PosError as error:
            reason = error.message
        except IntegrityError:
            reason = _SAME_MOMENT
        self.message_user(request, reason, messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def row_of(self, request: HttpRequest, object_id: str | None) -> Any:
        """The row that the address names; None on the page for a new one, and for what is not there."""
        return self.get_object(request, unquote(object_id)) if object_id is not None else None

    def hold(self, request: HttpRequest, row: Any) -> None:
        """Lock what must not change while this row does."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=form.changed_columns)
        else:
            obj.save(force_insert=True)
        note_saved(request, obj, is_new=not change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        note_deleted(request, obj)
        super().delete_model(request, obj)

    def audit_noun(self) -> str:
        return self.noun or str(self.model._meta.model_name)

    def facts_of(self, row: Any) -> Facts:
        """What the audit trail compares: the row, its inline rows, and what ``more_facts`` adds."""
        facts = facts_of_row(row)
        for inline in self.inlines:
            facts |= self._inline_facts(row, inline)
        return facts | self.more_facts(row)

    def _inline_facts(self, row: Any, inline: Any) -> Facts:
        key = inline.fk_name or next(
            column.name for column in inline.model._meta.concrete_fields if column.related_model is type(row)
        )
        facts: Facts = {}
        for child in inline.model._default_manager.filter(**{key: row}).order_by("pk"):
            told = facts_of_row(child, leave_out=frozenset({key}))
            # Two rows may read the same; their numbers tell them apart.
            label = f"{child} ({child._meta.verbose_name} {child.pk})"
            facts |= {f"{label}: {name}": value for name, value in told.items()}
        return facts

    def more_facts(self, row: Any) -> Facts:
        return {}

    def follow_up(self, change: Change) -> None:
        """Write what changes with the row, and refuse what must not be. Raises PosError."""

    def events_of(self, change: Change) -> list[Event]:
        """What a change means to screens and to Dojo."""
        return [event(venue_id=change.venue_id) for event in self.tells]

    # --- first page and search -----------------------------------------------------------------------------------

    def step(self, request: HttpRequest) -> Step | None:
        """What this page has to do with opening a venue; a line on the first page."""
        return None

    def figures(self, request: HttpRequest) -> list[Figure]:
        """Numbers of today that this page stands behind."""
        return []

    def found(self, request: HttpRequest, term: str) -> list[SearchResult]:
        """The first few rows that these letters find."""
        if not self.is_searched or not self.get_search_fields(request):
            return []
        rows, may_repeat = self.get_search_results(request, self.get_queryset(request), term)
        kind, icon = str(self.opts.verbose_name).capitalize(), self.place.icon if self.place else "search"
        return [
            SearchResult(title=str(row), description=kind, link=self.address(row), icon=icon)
            for row in (rows.distinct() if may_repeat else rows)[:MOST_FOUND]
        ]

    def address(self, row: Any = None) -> str:
        """Of a row's page, else of the list."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        return reverse(f"{name}_change", args=[quote(row.pk)]) if row is not None else reverse(f"{name}_changelist")


class ReadOnlyAdmin(VenueModelAdmin):
    """Rows that services write: seen here, changed nowhere but by an act."""

    may_add = may_change = may_delete = False
    warn_unsaved_form = False
