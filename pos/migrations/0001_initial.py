import datetime
import django.core.validators
import django.db.models.deletion
import pos.models.venue
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="Staff",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("login", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=60)),
                ("pin_hash", models.CharField(blank=True, editable=False, max_length=200)),
                ("pin_failures", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("pin_blocked_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("is_active", models.BooleanField(default=True)),
                ("is_staff", models.BooleanField(default=False, verbose_name="may open the admin")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name_plural": "staff",
                "ordering": ["name", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Venue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "slug",
                    models.SlugField(max_length=40, unique=True, validators=[pos.models.venue.VenueSlugValidator()]),
                ),
                ("name", models.CharField(max_length=80)),
                ("legal_name", models.CharField(blank=True, max_length=120)),
                ("address_lines", models.JSONField(blank=True, default=list)),
                ("postcode", models.CharField(blank=True, max_length=16)),
                ("phone", models.CharField(blank=True, max_length=40)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("website", models.URLField(blank=True)),
                ("vat_number", models.CharField(blank=True, max_length=32)),
                ("bill_footer", models.CharField(blank=True, default="Thank you", max_length=200)),
                (
                    "country",
                    models.CharField(choices=[("GB", "United Kingdom"), ("IE", "Ireland")], default="GB", max_length=2),
                ),
                (
                    "currency",
                    models.CharField(choices=[("GBP", "Pound sterling"), ("EUR", "Euro")], default="GBP", max_length=3),
                ),
                (
                    "time_zone",
                    models.CharField(
                        default="Europe/London", max_length=64, validators=[pos.models.venue._check_time_zone]
                    ),
                ),
                (
                    "day_starts",
                    models.TimeField(default=datetime.time(5, 0), help_text="A business day runs from here to here."),
                ),
                ("tax_inclusive", models.BooleanField(default=True)),
                (
                    "service_kind",
                    models.CharField(
                        choices=[
                            ("none", "No service charge"),
                            ("discretionary", "Discretionary"),
                            ("compulsory", "Compulsory"),
                        ],
                        default="discretionary",
                        max_length=16,
                    ),
                ),
                (
                    "service_rate",
                    models.PositiveIntegerField(default=1250, help_text="Hundredths of a percent: 12.5 % is 1250."),
                ),
                (
                    "service_from_covers",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Added by itself from this many covers; 0 is always."
                    ),
                ),
                (
                    "discount_limit",
                    models.PositiveIntegerField(
                        default=1000, help_text="The largest discount a waiter gives alone, in hundredths of a percent."
                    ),
                ),
                (
                    "dojo_orders_need_acceptance",
                    models.BooleanField(
                        default=False, help_text="Order & Pay orders wait as Submitted until staff accept them."
                    ),
                ),
                (
                    "own_orders_only",
                    models.BooleanField(
                        default=False, help_text="A card machine with a waiter id lists that waiter's orders only."
                    ),
                ),
                (
                    "clear_after_minutes",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Clear a paid table by itself after this long; 0 is at once, empty is never.",
                        null=True,
                    ),
                ),
                ("correct_within_seconds", models.PositiveSmallIntegerField(default=120)),
                ("attention_minutes", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("service_rate__lte", 10000)), name="venue_service_rate_is_a_share"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("discount_limit__lte", 10000)), name="venue_discount_limit_is_a_share"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__in", ["GBP", "EUR"])), name="venue_currency_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[("waiter", "Waiter"), ("supervisor", "Supervisor"), ("manager", "Manager")],
                        default="waiter",
                        max_length=12,
                    ),
                ),
                (
                    "waiter_id",
                    models.CharField(
                        max_length=12, validators=[django.core.validators.RegexValidator("^[A-Za-z0-9_-]+$")]
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                (
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="memberships", to="pos.venue"
                    ),
                ),
            ],
            options={
                "ordering": ["staff__name", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("venue", "staff"), name="membership_once_per_venue"),
                    models.UniqueConstraint(fields=("venue", "waiter_id"), name="membership_waiter_id_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["waiter", "supervisor", "manager"])),
                        name="membership_role_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Till",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                ("token_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("last_seen_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "last_used_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="pos.membership",
                    ),
                ),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tills", to="pos.venue"
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "constraints": [models.UniqueConstraint(fields=("venue", "name"), name="till_name_unique")],
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("act", models.CharField(max_length=40)),
                ("actor_kind", models.CharField(max_length=8)),
                (
                    "subject",
                    models.CharField(
                        db_collation="C", help_text="The id of the order, party, … acted on.", max_length=60
                    ),
                ),
                ("detail", models.JSONField(default=dict)),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pos.membership"
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pos.membership"
                    ),
                ),
                (
                    "till",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="pos.till",
                    ),
                ),
                (
                    "venue",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pos.venue"),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(fields=["venue", "subject", "id"], name="audit_by_subject"),
                    models.Index(fields=["venue", "-id"], name="audit_newest"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Approval",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("act", models.CharField(max_length=40)),
                ("subject", models.CharField(db_collation="C", max_length=60)),
                ("amount", models.BigIntegerField(null=True)),
                ("summary", models.CharField(blank=True, help_text="What the supervisor reads.", max_length=200)),
                (
                    "status",
                    models.CharField(
                        choices=[("asked", "Asked"), ("granted", "Granted"), ("refused", "Refused"), ("used", "Used")],
                        default="asked",
                        max_length=8,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pos.membership"
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pos.membership"
                    ),
                ),
                (
                    "till",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="pos.till"
                    ),
                ),
                (
                    "venue",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="pos.venue"),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "asked")), fields=["venue", "asked_at"], name="approval_waiting"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="Staff",
            name="groups",
            field=models.ManyToManyField(
                blank=True,
                help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                related_name="user_set",
                related_query_name="user",
                to="auth.group",
                verbose_name="groups",
            ),
        ),
        migrations.AddField(
            model_name="Staff",
            name="user_permissions",
            field=models.ManyToManyField(
                blank=True,
                help_text="Specific permissions for this user.",
                related_name="user_set",
                related_query_name="user",
                to="auth.permission",
                verbose_name="user permissions",
            ),
        ),
    ]
