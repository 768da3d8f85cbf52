"""Form fields that take money and percentages as people write them, and keep whole pence and hundredths."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from pos.money import WHOLE, parse_money, parse_percent, plain_money, plain_percent

MOST_MONEY = 99_999_99
_FIGURES = {"inputmode": "decimal", "autocomplete": "off"}


class _WrittenNumber(forms.Field):
    """A whole number that people write with two decimals at most; nothing is ever rounded."""

    widget = UnfoldAdminTextInputWidget
    parse: Callable[[str], int]
    show: Callable[[int], str]
    wrong: str

    def __init__(self, *, most: int, sign: dict[str, str], **options: Any) -> None:
        self.most = most
        super().__init__(**{"widget": UnfoldAdminTextInputWidget({**_FIGURES, **sign}), **options})

    def prepare_value(self, value: Any) -> Any:
        return type(self).show(value) if isinstance(value, int) else value

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        if isinstance(value, int):
            # A field that is switched off hands back what it was given.
            return value
        try:
            number = type(self).parse(str(value))
        except ValueError:
            raise ValidationError(self.wrong, code="invalid") from None
        if number > self.most:
            raise ValidationError(f"At most {type(self).show(self.most)}.", code="too_much")
        return number

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(data) != initial
        except ValidationError:
            return True


class MoneyField(_WrittenNumber):
    """£4.20 for 420."""

    parse = staticmethod(parse_money)
    show = staticmethod(plain_money)
    wrong = "Write an amount like 4.20, with no more than two decimals."

    def __init__(self, *, symbol: str = "", most: int = MOST_MONEY, **options: Any) -> None:
        super().__init__(most=most, sign={"prefix": symbol, "class": "bo-signed"} if symbol else {}, **options)


class PercentField(_WrittenNumber):
    """12.5 % for 1250."""

    parse = staticmethod(parse_percent)
    show = staticmethod(plain_percent)
    wrong = "Write a percentage like 12.5, with no more than two decimals."

    def __init__(self, *, most: int = WHOLE, **options: Any) -> None:
        super().__init__(most=most, sign={"suffix": "%"}, **options)


class LinesField(forms.CharField):
    """A list of short texts, one on each line."""

    def __init__(self, *, longest: int, most: int, rows: int = 4, **options: Any) -> None:
        self.longest, self.most = longest, most
        options.setdefault("widget", UnfoldAdminTextareaWidget({"rows": rows}))
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        lines = [" ".join(line.split()) for line in super().clean(value).splitlines()]
        lines = [line for line in lines if line]
        if len(lines) > self.most:
            raise ValidationError(f"At most {self.most} lines.", code="too_many")
        if too_long := [line for line in lines if len(line) > self.longest]:
            raise ValidationError(f"“{too_long[0][:20]}…” is longer than {self.longest} letters.", code="too_long")
        return lines

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed("\n".join(initial or []), "\n".join((data or "").split("\r\n")))
