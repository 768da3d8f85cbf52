"""Areas and tables. They stand here because a table's name and its guests are on bills."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from bookings.models import Party, PartyTable, Reservation, ReservationStatus, ReservationTable
from floorplan.models import Area, Table
from floorplan.plan import free_spot
from orders.models import CLOSED_STATUSES, Order
from orders.row_locks import hold_tills
from orders.services.reparenting import follow_table_name
from pos.back_office.access import venue_of
from pos.back_office.changes import Change
from pos.back_office.forms import CodedForm
from pos.back_office.home import Step
from pos.back_office.venue_admin import Place, VenueModelAdmin
from pos.events import Event, FloorChanged, OrderChanged, PartyChanged, ReservationChanged, StationChanged

_CODE = "What Dojo and printed QR codes know it by; leave it empty and it is made from the name. It stays once used."


def open_bills(tables: "QuerySet[Table]") -> "QuerySet[Order]":
    return Order.objects.filter(table__in=tables).exclude(status__in=CLOSED_STATUSES)


def parties_at(tables: "QuerySet[Table]") -> "QuerySet[Party]":
    return Party.objects.filter(tables__in=tables, end_time__isnull=True).distinct()


def expected_at(tables: "QuerySet[Table]") -> "QuerySet[Reservation]":
    return Reservation.objects.filter(tables__in=tables, status=ReservationStatus.BOOKED).distinct()


def refuse_occupied(tables: "QuerySet[Table]") -> None:
    """A table with guests, a bill or a booking cannot vanish from the plan. Raises ValidationError."""
    if bill := open_bills(tables).first():
        raise ValidationError(f"{bill.display_name} is still open there.", code="occupied")
    if parties_at(tables).exists():
        raise ValidationError("Guests are sitting there.", code="occupied")
    if booking := expected_at(tables).first():
        raise ValidationError(f"{booking} is expected there: move that booking first.", code="occupied")


def used_tables(tables: "QuerySet[Table]") -> "QuerySet[Table]":
    """Those that something in the books points at: their code is on the wire for good."""
    mine = {"table": OuterRef("pk")}
    return tables.filter(
        Exists(Order.objects.filter(**mine))
        | Exists(PartyTable.objects.filter(**mine))
        | Exists(ReservationTable.objects.filter(**mine))
    )


class AreaForm(CodedForm):
    def clean_is_active(self) -> bool:
        is_active = bool(self.cleaned_data["is_active"])
        if not is_active and self.instance.pk:
            refuse_occupied(Table.objects.filter(area=self.instance.pk))
        return is_active


@admin.register(Area)
class AreaAdmin(VenueModelAdmin):
    """Rooms."""

    form = AreaForm
    place = Place("Floor plan", 1, "meeting_room", "Areas")
    tells = (FloorChanged,)
    fields = ("name", "code", "position", "is_active")
    words = {
        "name": ("Name", "Main room, bar, terrace: what staff read above the plan."),
        "code": ("Code", _CODE),
        "position": ("Place in the row of tabs", "0 comes first."),
        "is_active": ("In use", ""),
    }
    nothing_yet = "Begin with the room most guests sit in."
    ordering = ("position", "pk")
    list_display = ("name", "code", "how_many_tables", "position", "is_active")
    search_fields = ("name", "code")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Area]":
        in_use = Count("tables", filter=Q(tables__is_active=True))
        rows: QuerySet[Area] = super().get_queryset(request).annotate(tables_in_use=in_use)
        return rows

    @display(description="Tables", ordering="tables_in_use")
    def how_many_tables(self, area: Any) -> int:
        return int(area.tables_in_use)

    def get_readonly_fields(self, request: HttpRequest, obj: Area | None = None) -> tuple[str, ...]:
        used = obj is not None and used_tables(Table.objects.filter(area=obj)).exists()
        return ("code",) if used else ()

    def hold(self, request: HttpRequest, row: Area | None) -> None:
        hold_tills(venue_of(request))

    def step(self, request: HttpRequest) -> Step:
        count = Area.objects.filter(venue=venue_of(request), is_active=True).count()
        return Step(20, "Areas", "The rooms that guests sit in.", count > 0, self.address(), count)


def _on_plan(label: str, words: str) -> forms.IntegerField:
    widget = UnfoldAdminIntegerFieldWidget
    return forms.IntegerField(label=label, help_text=words, required=False, min_value=0, max_value=1000, widget=widget)


class TableForm(CodedForm):
    x = _on_plan("From the left", "0 to 1000; empty finds a free spot. Easier by dragging, on the plan itself.")
    y = _on_plan("From the top", "0 to 1000.")

    def clean_max_covers(self) -> int:
        seats = int(self.cleaned_data["max_covers"])
        if not 1 <= seats <= 99:
            raise ValidationError("From 1 to 99.", code="seats")
        return seats

    def clean_rotation(self) -> int:
        degrees = int(self.cleaned_data["rotation"])
        if degrees >= 360:
            raise ValidationError("From 0 to 359 degrees.", code="rotation")
        return degrees

    def clean_is_active(self) -> bool:
        is_active = bool(self.cleaned_data["is_active"])
        if not is_active and self.instance.pk:
            refuse_occupied(Table.objects.filter(pk=self.instance.pk))
        return is_active

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("area") is not None and (cleaned.get("x") is None or cleaned.get("y") is None):
            others = Table.objects.filter(area=cleaned["area"]).exclude(pk=self.instance.pk)
            cleaned["x"], cleaned["y"] = free_spot(others.values_list("x", "y"))
        return cleaned


@admin.register(Table)
class TableAdmin(VenueModelAdmin):
    """Tables, with who serves them and where they stand."""

    form = TableForm
    place = Place("Floor plan", 2, "table_restaurant", "Tables")
    fieldsets = (
        (None, {"fields": (("name", "code"), ("area", "max_covers"), "waiters", ("position", "is_active"))}),
        ("On the plan", {"fields": (("shape", "rotation"), ("x", "y"), ("width", "height"))}),
    )
    words = {
        "name": ("Name", "What staff say and the card machine lists: Table 12."),
        "code": ("Code", _CODE),
        "max_covers": ("Seats", ""),
        "waiters": ("Served by", "Their card machines list this table as theirs."),
        "position": ("Place in lists", "0 comes first."),
        "is_active": ("In use", ""),
        "rotation": ("Turned by", "Degrees, clockwise."),
        "width": ("Width", "100 is a table for two."),
        "height": ("Height", ""),
    }
    nothing_yet = "Each gets a spot on the plan by itself; drag it to its place later."
    autocomplete_fields = ("waiters",)
    list_display = ("name", "code", "area", "max_covers", "served_by", "shape", "is_active")
    list_filter = ("area", "is_active", "waiters")
    list_select_related = ("area",)
    search_fields = ("name", "code")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Table]":
        rows: QuerySet[Table] = super().get_queryset(request).prefetch_related("waiters__staff")
        return rows

    @display(description="Served by", empty_value="everybody")
    def served_by(self, table: Table) -> str:
        return ", ".join(waiter.staff.name for waiter in table.waiters.all())

    def get_readonly_fields(self, request: HttpRequest, obj: Table | None = None) -> tuple[str, ...]:
        used = obj is not None and used_tables(Table.objects.filter(pk=obj.pk)).exists()
        return ("code",) if used else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        # Where it stands is found when it is saved, unless somebody says so.
        return {"x": "", "y": "", **super().get_changeform_initial_data(request)}

    def hold(self, request: HttpRequest, row: Table | None) -> None:
        hold_tills(venue_of(request))

    def follow_up(self, change: Change) -> None:
        if not change.is_new and not change.is_gone and change.differs("name"):
            table = Table.objects.select_related("venue").get(pk=change.key)
            follow_table_name(table, before=str(change.before["name"]))

    def events_of(self, change: Change) -> list[Event]:
        """The plan always; a new name is also on the table's bills, with its guests and bookings, and on tickets."""
        venue_id = change.venue_id
        events: list[Event] = [FloorChanged(venue_id=venue_id)]
        if change.is_new or change.is_gone or not change.differs("name"):
            return events
        this = Table.objects.filter(pk=change.key)
        orders = open_bills(this)
        stations = orders.filter(lines__station__isnull=False).order_by().values_list("lines__station", flat=True)
        events += [OrderChanged(venue_id=venue_id, order_id=pk) for pk in orders.values_list("pk", flat=True)]
        events += [PartyChanged(venue_id=venue_id, party_id=party.pk) for party in parties_at(this)]
        events += [ReservationChanged(venue_id=venue_id, reservation_id=row.pk) for row in expected_at(this)]
        events += [StationChanged(venue_id=venue_id, station_id=pk) for pk in set(stations) if pk is not None]
        return events

    def step(self, request: HttpRequest) -> Step:
        count = Table.objects.filter(venue=venue_of(request), is_active=True).count()
        return Step(30, "Tables", "Each with its seats, as the room really is.", count > 0, self.address(), count)
