"""One venue at a time: which rows a page shows, what its fields offer, what its filters list."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib.admin.filters import RelatedFieldListFilter
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.http import HttpRequest

from pos.back_office.access import venue_of
from pos.back_office.fields import MoneyField, PercentField
from pos.back_office.forms import VENUE, VenueForm, has_venue
from pos.models import Venue
from pos.money import symbol


def choices_in(model: type[models.Model], venue: Venue, site: Any) -> "models.QuerySet[Any]":
    """The rows of another model that a row of this venue may point at. Raises ImproperlyConfigured."""
    if not has_venue(model):
        raise ImproperlyConfigured(f"{model.__name__} says of no row whose venue it is: it cannot be chosen from.")
    page = site._registry.get(model)
    joined = getattr(page, "named_by", ())
    return model._default_manager.filter(**{VENUE: venue}).select_related(*joined)


def is_held_on_to(row: Any) -> bool:
    """Whether something in the books points at this row, or at what would go with it."""
    return _is_protected(type(row)._default_manager.filter(pk=row.pk))


def _is_protected(rows: "models.QuerySet[Any]") -> bool:
    # Hidden ones too: most rows of bills keep no way back to what they point at.
    for relation in rows.model._meta.get_fields(include_hidden=True):
        if not (relation.auto_created and (relation.one_to_many or relation.one_to_one)):
            continue
        pointing = relation.related_model._default_manager.filter(**{f"{relation.field.name}__in": rows})
        if relation.on_delete is models.PROTECT and pointing.exists():
            return True
        if relation.on_delete is models.CASCADE and _is_protected(pointing):
            return True
    return False


class VenueRelatedFilter(RelatedFieldListFilter):
    """A filter by a related row, offering those of the current venue."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        rows = choices_in(field.remote_field.model, venue_of(request), model_admin.admin_site)
        return [(str(row.pk), str(row)) for row in rows]


class Scoped:
    """What pages and the tables inside them have in common."""

    venue_path: ClassVar[str] = VENUE
    """How a row leads to its venue: a lookup."""
    money_fields: ClassVar[Sequence[str]] = ()
    percent_fields: ClassVar[Sequence[str]] = ()
    words: ClassVar[dict[str, tuple[str, str]]] = {}
    """Field → its label and what to say below it."""
    form: Any = VenueForm

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)  # type: ignore[misc]
        return rows.filter(**{self.venue_path: venue_of(request).pk})

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in (*self.money_fields, *self.percent_fields):
            formfield: Any = self._written_number(db_field, request)
        else:
            if isinstance(db_field, models.URLField):
                kwargs["assume_scheme"] = "https"
            formfield = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if formfield is not None and db_field.name in self.words:
            formfield.label, formfield.help_text = self.words[db_field.name]
        return formfield

    def _written_number(self, db_field: Any, request: HttpRequest) -> Any:
        options = {
            "required": not (db_field.blank or db_field.null),
            "label": str(db_field.verbose_name).capitalize(),
            "help_text": db_field.help_text,
            "initial": db_field.default if db_field.has_default() else None,
        }
        if db_field.name in self.percent_fields:
            return PercentField(**options)
        return MoneyField(symbol=symbol(venue_of(request).currency), **options)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = self.choices(db_field, request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = self.choices(db_field, request)
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]

    def choices(self, db_field: Any, request: HttpRequest) -> Any:
        """What a field may point at; a page that narrows this starts from here."""
        return choices_in(db_field.remote_field.model, venue_of(request), self.admin_site)  # type: ignore[attr-defined]
