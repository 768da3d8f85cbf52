import django.contrib.postgres.fields
import django.db.models.deletion
import pos.ids
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("floorplan", "0001_initial"),
        ("pos", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Reservation",
            fields=[
                ("id", pos.ids.TypeIdField(editable=False, prefix="rsv", primary_key=True, serialize=False)),
                ("dojo_reservation_id", models.CharField(blank=True, max_length=120, null=True)),
                ("name", models.CharField(max_length=120)),
                ("covers", models.PositiveSmallIntegerField()),
                ("start_time", models.DateTimeField()),
                ("end_time", models.DateTimeField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("booked", "Booked"),
                            ("seated", "Seated"),
                            ("no_show", "No-show"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="booked",
                        max_length=12,
                    ),
                ),
                ("phone", models.CharField(blank=True, max_length=50)),
                ("email", models.CharField(blank=True, max_length=254)),
                ("host_notes", models.TextField(blank=True)),
                ("guest_requests", models.TextField(blank=True, help_text="The guest's own words; never edited here.")),
                ("overlaps", models.BooleanField(default=False, help_text="Accepted although its table was booked.")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reservations", to="pos.venue"
                    ),
                ),
            ],
            options={
                "ordering": ["start_time", "pk"],
                "indexes": [models.Index(fields=["venue", "start_time", "id"], name="reservation_by_time")],
                "constraints": [
                    models.UniqueConstraint(fields=("venue", "dojo_reservation_id"), name="reservation_dojo_id_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("end_time__gt", models.F("start_time"))), name="reservation_ends_later"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["booked", "seated", "no_show", "cancelled"])),
                        name="reservation_status_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Party",
            fields=[
                ("id", pos.ids.TypeIdField(editable=False, prefix="party", primary_key=True, serialize=False)),
                ("dojo_party_id", models.CharField(blank=True, max_length=120, null=True)),
                ("name", models.CharField(blank=True, max_length=120)),
                ("covers", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("status", models.CharField(default="Seated", max_length=60)),
                (
                    "status_is_written",
                    models.BooleanField(default=False, help_text="Somebody wrote their own words; leave them."),
                ),
                ("start_time", models.DateTimeField()),
                ("expected_end_time", models.DateTimeField(blank=True, null=True)),
                ("end_time", models.DateTimeField(blank=True, null=True)),
                ("host_notes", models.TextField(blank=True)),
                ("guest_requests", models.TextField(blank=True, help_text="The guest's own words; never edited here.")),
                (
                    "allergens",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=16), blank=True, default=list, size=None
                    ),
                ),
                ("allergy_note", models.CharField(blank=True, max_length=200)),
                (
                    "needs_seating",
                    models.BooleanField(
                        default=False, help_text="Its bill came back to life after its table was given to others."
                    ),
                ),
                ("deposit_amount", models.BigIntegerField(blank=True, null=True)),
                ("deposit_description", models.CharField(blank=True, max_length=200)),
                (
                    "deposit_intent_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=120), blank=True, default=list, size=None
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="parties", to="pos.venue"
                    ),
                ),
                (
                    "waiter",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="parties",
                        to="pos.membership",
                    ),
                ),
                (
                    "reservation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parties",
                        to="bookings.reservation",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "parties",
                "ordering": ["-start_time", "-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("end_time__isnull", True)), fields=["venue", "-id"], name="party_here"
                    ),
                    models.Index(fields=["venue", "-id"], name="party_newest"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("venue", "dojo_party_id"), name="party_dojo_id_unique"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("deposit_amount__isnull", True), ("deposit_amount__gte", 0), _connector="OR"
                        ),
                        name="party_deposit_not_negative",
                    ),
                    models.CheckConstraint(condition=models.Q(("status", ""), _negated=True), name="party_status_said"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PartyTable",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="table_links", to="bookings.party"
                    ),
                ),
                (
                    "table",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="party_links", to="floorplan.table"
                    ),
                ),
            ],
            options={
                "ordering": ["position", "pk"],
                "constraints": [models.UniqueConstraint(fields=("party", "table"), name="party_table_once")],
            },
        ),
        migrations.CreateModel(
            name="ReservationTable",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "reservation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="table_links",
                        to="bookings.reservation",
                    ),
                ),
                (
                    "table",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reservation_links",
                        to="floorplan.table",
                    ),
                ),
            ],
            options={
                "ordering": ["position", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("reservation", "table"), name="reservation_table_once")
                ],
            },
        ),
        migrations.AddField(
            model_name="Party",
            name="tables",
            field=models.ManyToManyField(related_name="parties", through="bookings.PartyTable", to="floorplan.table"),
        ),
        migrations.AddField(
            model_name="Reservation",
            name="tables",
            field=models.ManyToManyField(
                related_name="reservations", through="bookings.ReservationTable", to="floorplan.table"
            ),
        ),
    ]
