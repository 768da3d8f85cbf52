"""Reading a page as a browser does: which form is on it, what is filled in, what can be chosen."""

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse
from django.test import Client

Values = dict[str, Any]

_ROW = re.compile(r"(.+)-(\d+)-[^-]+")
_COMPLAINT = re.compile(r'<div class="(?:mt-2 text-red-600|errornote)[^>]*>(.*?)</div>', re.DOTALL)


@dataclass
class Form:
    """What would be sent as it stands, and what each select offers."""

    values: dict[str, list[str]] = field(default_factory=dict)
    offers: dict[str, list[str]] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.wanted, self.form, self.is_inside = form_id, Form(), False
        self.select = self.area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        got = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.is_inside = got.get("id") == self.wanted
        elif not self.is_inside:
            return
        elif tag == "input" and got.get("name") and "disabled" not in got:
            if got.get("type") in ("checkbox", "radio") and "checked" not in got:
                return
            if got.get("type") != "submit":
                default = "on" if got.get("type") == "checkbox" else ""
                self.form.values.setdefault(got["name"], []).append(got.get("value", default))
        elif tag == "select":
            self.select = got["name"]
            self.form.offers.setdefault(self.select, [])
        elif tag == "option" and self.select:
            self.form.offers[self.select].append(got.get("value", ""))
            if "selected" in got:
                self.form.values.setdefault(self.select, []).append(got.get("value", ""))
        elif tag == "textarea":
            self.area = got["name"]
            self.form.values[self.area] = [""]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.is_inside = False
        elif tag == "select":
            self.select = ""
        elif tag == "textarea":
            self.area = ""

    def handle_data(self, data: str) -> None:
        if self.area:
            # A line break right behind the tag is markup.
            self.form.values[self.area][0] += data


def form_on(page: HttpResponse, form_id: str) -> Form:
    reader = _Reader(form_id)
    reader.feed(page.content.decode())
    for area in reader.form.values.values():
        area[:] = [text.removeprefix("\r\n").removeprefix("\n") for text in area]
    return reader.form


def fill_in(client: Client, address: str, changes: Values, *, form_id: str, leave: str = "_save") -> HttpResponse:
    """Open a page, change some fields of its form and send it, as a browser would."""
    page = client.get(address)
    assert page.status_code == 200, (address, page.status_code)
    values: Values = dict(form_on(page, form_id).values)
    for name, value in changes.items():
        if row := _ROW.fullmatch(name):
            _add_rows(values, row[1], int(row[2]))
        if value is None:
            values.pop(name, None)
        else:
            values[name] = value
    return client.post(address, {**values, leave: "1"})


def _add_rows(values: Values, prefix: str, index: int) -> None:
    """Press "add another" until there is a row of this number; a new one starts as the page's empty one."""
    total = int(values[f"{prefix}-TOTAL_FORMS"][0])
    empty = f"{prefix}-__prefix__-"
    fresh = {name.removeprefix(empty): value for name, value in values.items() if name.startswith(empty)}
    for number in range(total, index + 1):
        values.update({f"{prefix}-{number}-{name}": value for name, value in fresh.items()})
        values[f"{prefix}-TOTAL_FORMS"] = [str(number + 1)]


def complaints(page: HttpResponse) -> list[str]:
    """What the page says is wrong with the form."""
    found = _COMPLAINT.findall(page.content.decode())
    return [text for one in found if (text := html.unescape(re.sub(r"<[^>]+>|\s+", " ", one)).strip())]


def text_of(page: HttpResponse) -> str:
    return html.unescape(page.content.decode())
