"""Fourteen allergens, each known or not recorded: what is left out is never taken for safe."""

from typing import Any

from django import forms
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget

from orders.models import ALLERGENS, AllergenDeclaration, AllergenLevel, Product
from pos.back_office.changes import Facts
from pos.back_office.forms import VenueForm
from pos.back_office.venue_admin import VenueModelAdmin

NOT_RECORDED = ("", "Not recorded")
_FIELD = "allergen_{}"


def _level() -> forms.ChoiceField:
    choices = [NOT_RECORDED, *AllergenLevel.choices]
    return forms.ChoiceField(choices=choices, required=False, widget=UnfoldAdminSelectWidget)


class _WithLevels(VenueForm):
    """Reads what is recorded; a field that did not come with the form stays as it is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = recorded(self.instance) if self.instance.pk else {}
        for allergen in ALLERGENS:
            field = self.fields.get(_FIELD.format(allergen))
            if field is not None:
                field.label = allergen.capitalize()
                self.initial[_FIELD.format(allergen)] = known.get(allergen, "")

    @property
    def levels(self) -> dict[str, str]:
        """Allergen → what the form says of it now."""
        said = {}
        for allergen in ALLERGENS:
            name = _FIELD.format(allergen)
            if name in self.fields and self.add_prefix(name) in self.data:
                said[allergen] = str(self.cleaned_data[name])
        return said


# Declared like any other field, and yet written down once.
AllergensForm: Any = type(
    "AllergensForm",
    (_WithLevels,),
    {"__module__": __name__, **{_FIELD.format(allergen): _level() for allergen in ALLERGENS}},
)


def allergen_fieldset() -> tuple[str, dict[str, Any]]:
    names = [_FIELD.format(allergen) for allergen in ALLERGENS]
    rows = tuple(tuple(names[start : start + 2]) for start in range(0, len(names), 2))
    words = "“Free” is a promise to a guest; what nobody has checked stays “not recorded”."
    return ("Allergens", {"fields": rows, "description": words, "classes": ("bo-last",)})


def recorded(thing: Any) -> dict[str, str]:
    return dict(thing.allergen_declarations.values_list("allergen", "level"))


class WithAllergens(VenueModelAdmin):
    """A page whose form has the fourteen."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        key = "product" if isinstance(form.instance, Product) else "modifier"
        known = recorded(form.instance)
        for allergen, level in form.levels.items():
            if level == known.get(allergen, ""):
                continue
            declared = AllergenDeclaration.objects.filter(**{key: form.instance}, allergen=allergen)
            if not level:
                declared.delete()
            elif allergen in known:
                declared.update(level=level)
            else:
                AllergenDeclaration.objects.create(**{key: form.instance}, allergen=allergen, level=level)

    def more_facts(self, row: Any) -> Facts:
        known = recorded(row)
        return {f"allergen {allergen}": known.get(allergen, "") for allergen in ALLERGENS}
