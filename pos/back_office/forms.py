"""The form behind every page that changes set-up rows: its row belongs to the current venue, before and after."""

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.text import slugify
from unfold.forms import PaginationInlineFormSet

from pos.models import Venue

VENUE = "venue"


def has_venue(model: Any) -> bool:
    return any(column.name == VENUE for column in model._meta.concrete_fields)


class VenueForm(forms.ModelForm):
    """Knows the venue that the page is about, checks what is unique in it, and writes only what was changed."""

    venue: Venue
    broken: dict[str, tuple[str, str]] = {}
    """Constraint → the field it is about, and the sentence to say there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if has_venue(self._meta.model) and self.instance._state.adding:
            self.instance.venue = self.venue

    def _get_validation_exclusions(self) -> set[str]:
        # The venue is no field of the form, and yet part of most things that must be unique.
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {VENUE}

    def _update_errors(self, errors: ValidationError) -> None:
        super()._update_errors(self._in_plain_words(errors))  # type: ignore[misc]

    def _in_plain_words(self, errors: ValidationError) -> ValidationError:
        found: dict[str, list[ValidationError]] = {}
        known = getattr(errors, "error_dict", None) or {NON_FIELD_ERRORS: errors.error_list}
        for name, listed in known.items():
            for error in listed:
                field, said = self._said_of(name, error)
                found.setdefault(field, []).append(said)
        return ValidationError(found)

    def _said_of(self, name: str, error: ValidationError) -> tuple[str, ValidationError]:
        for constraint, (field, words) in self.broken.items():
            if constraint in str(error.message):
                return self._place(field), ValidationError(words, code="constraint")
        unique = (error.params or {}).get("unique_check") or ()
        mine = [field for field in unique if field != VENUE and field in self.fields]
        if error.code == "unique_together" and mine:
            thing = self._meta.model._meta.verbose_name
            label = str(self.fields[mine[-1]].label or mine[-1])
            label = label if label.isupper() else label.lower()
            return mine[-1], ValidationError(f"There is another {thing} with this {label}.", code="unique")
        return name, error

    def _place(self, field: str) -> str:
        return field if field in self.fields else NON_FIELD_ERRORS

    @property
    def changed_columns(self) -> list[str]:
        """Those columns of the row that this form was used to change."""
        columns = {column.name for column in self._meta.model._meta.concrete_fields}
        return [name for name in self.changed_data if name in columns]

    def save(self, commit: bool = True) -> Any:
        if not commit or self.errors or self.instance._state.adding:
            return super().save(commit=commit)
        # A till may have written the others since the form was opened: how many are left, whether it is sold out.
        self.instance.save(update_fields=self.changed_columns)
        self._save_m2m()  # type: ignore[attr-defined]
        return self.instance


class VenueFormSet(PaginationInlineFormSet):
    """Rows that hang on the row of the page; another's are none of them."""

    def clean(self) -> None:
        super().clean()
        for form in self.initial_forms:
            if form.instance.pk is None:
                raise ValidationError("One of the rows below is not there any more. Reload the page.", code="gone")

    def save_new(self, form: Any, commit: bool = True) -> Any:
        """Rows stay in the order they were written in, unless somebody dragged them into another."""
        if "position" in form.fields:
            kept = self.kept_forms
            earlier = [one.instance.position for one in kept[: kept.index(form)]]
            if form.instance.position in earlier:
                form.instance.position = max(one.instance.position for one in kept) + 1
        return super().save_new(form, commit=commit)

    @property
    def kept_forms(self) -> list[Any]:
        """What will be there once this is saved: filled in, and not ticked for deletion."""
        filled = (form for form in self.forms if form.instance.pk is not None or form.has_changed())
        return [form for form in filled if not (self.can_delete and self._should_delete_form(form))]


class CodedForm(VenueForm):
    """A form whose short code may be left to us: it is made from the name, and unique in the venue."""

    code_field = "code"
    codes: set[str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.code_field in self.fields:
            self.fields[self.code_field].required = False

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.code_field in self.fields and self.code_field not in self.errors:
            typed = self.tidied(cleaned.get(self.code_field) or "")
            cleaned[self.code_field] = typed or self._made_code(self.code_source(cleaned))
        return cleaned

    def code_source(self, cleaned: dict[str, Any]) -> str:
        return str(cleaned.get("name") or "")

    def tidied(self, typed: str) -> str:
        return typed.strip().lower()

    def _made_code(self, source: str) -> str:
        column = self._meta.model._meta.get_field(self.code_field)
        base = slugify(source)[: (column.max_length or 40) - 4].strip("-") or self._meta.model._meta.model_name
        taken, number, code = self._taken_codes(), 2, base
        while code in taken:
            code, number = f"{base}-{number}", number + 1
        taken.add(code)
        return code

    def _taken_codes(self) -> set[str]:
        # On the class, which is made for one request: two new rows of one page must not get the same.
        if "codes" not in type(self).__dict__:
            rows = self._meta.model._default_manager.filter(venue=self.venue)
            type(self).codes = set(rows.values_list(self.code_field, flat=True))
        return type(self).codes
