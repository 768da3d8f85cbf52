"""Staff, what they may do where, and the tills they work on."""

import hashlib
import secrets
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from pos.models.venue import Venue

PIN_TRIES = 5
PIN_BLOCK_MINUTES = 15

_pin_form = RegexValidator(r"^\d{4,8}$", "A PIN is 4 to 8 digits.")


class Role(models.TextChoices):
    WAITER = "waiter", "Waiter"
    SUPERVISOR = "supervisor", "Supervisor"
    MANAGER = "manager", "Manager"


def tidy_login(login: str | None) -> str:
    """A login as it is kept, however it was typed."""
    return (login or "").strip().lower()


class StaffManager(BaseUserManager["Staff"]):
    def create_user(self, login: str, password: str | None = None, *, name: str = "", **fields: Any) -> "Staff":
        if not login:
            raise ValueError("Staff need a login")
        staff = self.model(login=tidy_login(login), name=name or login, **fields)
        staff.set_password(password)
        staff.save(using=self._db)
        return staff

    def create_superuser(self, login: str, password: str | None = None, **fields: Any) -> "Staff":
        return self.create_user(login, password, **{**fields, "is_staff": True, "is_superuser": True})

    def get_by_natural_key(self, username: str | None) -> "Staff":
        return self.get(login=tidy_login(username))


class Staff(AbstractBaseUser, PermissionsMixin):
    """A person who logs in; works in one or more venues."""

    login = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    pin_hash = models.CharField(max_length=200, blank=True, editable=False)
    pin_failures = models.PositiveSmallIntegerField(default=0, editable=False)
    pin_blocked_until = models.DateTimeField(null=True, blank=True, editable=False)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("may open the admin", default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = StaffManager()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name_plural = "staff"

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    def set_pin(self, pin: str) -> None:
        _pin_form(pin)
        self.pin_hash = make_password(pin)

    def has_pin(self, pin: str) -> bool:
        return bool(self.pin_hash) and check_password(pin, self.pin_hash)


class Membership(models.Model):
    """What one person is in one venue: a role, and the short number they type on a card machine."""

    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="memberships")
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role, default=Role.WAITER)
    waiter_id = models.CharField(max_length=12, validators=[RegexValidator(r"^[A-Za-z0-9_-]+$")])
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["staff__name", "pk"]
        verbose_name = "person"
        verbose_name_plural = "staff"
        constraints = [
            models.UniqueConstraint(fields=["venue", "staff"], name="membership_once_per_venue"),
            models.UniqueConstraint(fields=["venue", "waiter_id"], name="membership_waiter_id_unique"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.staff} · {self.get_role_display()}"


def hash_till_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Till(models.Model):
    """The browser or device somebody works on; named at its first login and remembered by it."""

    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="tills")
    name = models.CharField(max_length=40)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    last_used_by = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["venue", "name"], name="till_name_unique")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if not self.name.strip():
            raise ValidationError({"name": "Give this till a name."})

    def new_token(self) -> str:
        token = secrets.token_urlsafe(32)
        self.token_hash = hash_till_token(token)
        return token

    def seen(self, by: Membership, at: datetime) -> None:
        self.last_used_by = by
        self.last_seen_at = at
