"""Tables inside a page: rows that hang on the row of the page, and stay with it."""

from typing import Any, ClassVar

from django.http import HttpRequest
from unfold.admin import TabularInline

from pos.back_office.access import venue_of
from pos.back_office.forms import VenueFormSet
from pos.back_office.scope import Scoped


class _Inline(Scoped):
    """Rows inside the page of the row they hang on; whoever may change that one may change them."""

    extra = 0
    formset = VenueFormSet
    hide_title = True
    max_num = 100
    may_add: ClassVar[bool] = True
    may_change: ClassVar[bool] = True
    may_delete: ClassVar[bool] = True

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        # Django would build two thousand rows for whoever claims to send as many.
        kwargs.setdefault("absolute_max", self.max_num + 20)
        formset = super().get_formset(request, obj, **kwargs)  # type: ignore[misc]
        formset.form.venue = venue_of(request)
        return formset

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_add

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_change

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_delete


class VenueTabularInline(_Inline, TabularInline):
    pass


class ReadOnlyInline(VenueTabularInline):
    may_add = may_change = may_delete = False
