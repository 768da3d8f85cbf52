"""Rooms and the tables in them."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from pos.models import Membership, Venue

_code_form = RegexValidator(r"^[a-z0-9][a-z0-9-]*$", "Small letters, digits and hyphens.")


class Area(models.Model):
    """A room: the bar, the terrace."""

    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="areas")
    code = models.CharField(max_length=40, validators=[_code_form], db_collation="C")
    name = models.CharField(max_length=40)
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["venue", "code"], name="area_code_unique")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        _refuse_another_code(self)


class Table(models.Model):
    """A place to sit; its code is what Dojo knows it by, so it stays once used."""

    class Shape(models.TextChoices):
        SQUARE = "square", "Square"
        ROUND = "round", "Round"
        LONG = "long", "Long"

    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="tables")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="tables")
    code = models.CharField(max_length=40, validators=[_code_form], db_collation="C")
    name = models.CharField(max_length=24)
    max_covers = models.PositiveSmallIntegerField(default=4)
    waiters = models.ManyToManyField(Membership, related_name="tables", blank=True)
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    shape = models.CharField(max_length=8, choices=Shape, default=Shape.SQUARE)
    x = models.PositiveSmallIntegerField(default=0, help_text="Centre on the plan, in percent × 10 of its width.")
    y = models.PositiveSmallIntegerField(default=0, help_text="Centre on the plan, in percent × 10 of its height.")
    width = models.PositiveSmallIntegerField(default=100)
    height = models.PositiveSmallIntegerField(default=100)
    rotation = models.PositiveSmallIntegerField(default=0, help_text="Degrees, clockwise.")

    class Meta:
        ordering = ["area__position", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["venue", "code"], name="table_code_unique"),
            models.UniqueConstraint(fields=["area", "name"], name="table_name_unique_in_area"),
            models.CheckConstraint(condition=models.Q(rotation__lt=360), name="table_rotation_in_degrees"),
            models.CheckConstraint(condition=models.Q(x__lte=1000, y__lte=1000), name="table_on_the_plan"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        _refuse_another_code(self)


def _refuse_another_code(place: Area | Table) -> None:
    """Dojo, bookings and yesterday's orders know a place by its code. Raises ValidationError once anything names it."""
    before = type(place).objects.filter(pk=place.pk).values_list("code", flat=True).first()
    if before not in (None, place.code) and _is_used(place):
        raise ValidationError({"code": f"“{before}” is in use and stays. Give it another name instead."})


def _is_used(place: Area | Table) -> bool:
    return any(
        link.related_model._default_manager.filter(**{link.field.name: place}).exists()
        for link in place._meta.related_objects
    )
