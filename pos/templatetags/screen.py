"""What templates of every screen need: money, times in the venue's zone, icons."""

from datetime import datetime

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from pos.models import Venue
from pos.money import format_money

register = template.Library()


@register.filter
def money(amount: int | None, venue: Venue) -> str:
    """``{{ order.outstanding|money:venue }}``"""
    return format_money(amount or 0, venue.currency)


@register.filter
def at(moment: datetime | None, venue: Venue) -> str:
    """The time of day on the venue's wall."""
    return f"{moment.astimezone(venue.zone):%H:%M}" if moment else ""


@register.filter
def when(moment: datetime | None, venue: Venue) -> str:
    """The time of day, and the day where it is not today."""
    if moment is None:
        return ""
    here = moment.astimezone(venue.zone)
    is_today = here.date() == timezone.now().astimezone(venue.zone).date()
    return f"{here:%H:%M}" if is_today else f"{here:%a} {here.day} {here:%b %H:%M}"


@register.filter
def seconds(moment: datetime, venue: Venue) -> str:
    """The same to the second, for what follows fast on one another."""
    return f"{moment.astimezone(venue.zone):%H:%M:%S}"


@register.filter
def epoch(moment: datetime | None) -> str:
    """Milliseconds, as browsers count."""
    return str(int(moment.timestamp() * 1000)) if moment else ""


@register.simple_tag
def minutes(since: datetime | None) -> SafeString | str:
    """Minutes that go on ticking on the page: ``4′``."""
    if since is None:
        return ""
    passed = max(0, int((timezone.now() - since).total_seconds() // 60))
    return format_html('<span class="minutes" data-since="{}">{}′</span>', epoch(since), passed)


@register.simple_tag
def icon(name: str) -> SafeString:
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', static("icons.svg"), name)
