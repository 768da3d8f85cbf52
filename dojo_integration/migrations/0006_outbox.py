import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dojo_integration", "0005_socket"),
        ("pos", "0003_people_in_words"),
    ]

    operations = [
        migrations.CreateModel(
            name="DojoSending",
            fields=[
                (
                    "venue",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="dojo_sending",
                        serialize=False,
                        to="pos.venue",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Dojo hears of every change"),
                            ("down", "Dojo does not answer"),
                            ("busy", "Dojo asks us to wait"),
                            ("refused", "Dojo refuses the API key"),
                            ("no_key", "The API key cannot be read"),
                        ],
                        default="running",
                        max_length=12,
                    ),
                ),
                ("since", models.DateTimeField()),
                (
                    "failures",
                    models.PositiveIntegerField(default=0, help_text="One after the other, whatever it was about."),
                ),
                ("rests_until", models.DateTimeField(blank=True, null=True)),
                ("last_error", models.CharField(blank=True, max_length=200)),
                ("last_error_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="OutboundEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("OrderUpdated", "Order"),
                            ("PartyUpdated", "Party"),
                            ("ReservationUpdated", "Reservation"),
                        ],
                        db_collation="C",
                        max_length=20,
                    ),
                ),
                ("entity_id", models.CharField(db_collation="C", max_length=40)),
                ("fingerprint", models.CharField(blank=True, db_collation="C", max_length=64)),
                ("wanted", models.PositiveBigIntegerField(default=1, help_text="How often it changed.")),
                (
                    "sent",
                    models.PositiveBigIntegerField(default=0, help_text="Up to which of those changes Dojo was told."),
                ),
                ("changed_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                ("next_attempt_at", models.DateTimeField()),
                ("attempts", models.PositiveIntegerField(default=0, help_text="In vain, one after the other.")),
                ("failing_since", models.DateTimeField(blank=True, null=True)),
                ("parked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[("refused", "Dojo refused it for good"), ("given_up", "Tried for a day")],
                        max_length=12,
                    ),
                ),
                ("last_error", models.CharField(blank=True, max_length=200)),
                (
                    "venue",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="pos.venue",
                    ),
                ),
            ],
            options={
                "verbose_name": "event for Dojo",
                "verbose_name_plural": "events for Dojo",
                "ordering": ["-changed_at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("parked_at__isnull", True), ("sent__lt", models.F("wanted"))),
                        fields=["venue", "next_attempt_at"],
                        name="outbound_event_due",
                    ),
                    models.Index(
                        condition=models.Q(("parked_at__isnull", False)),
                        fields=["venue", "-parked_at"],
                        name="outbound_event_parked",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("venue", "kind", "entity_id"), name="outbound_event_once"),
                    models.CheckConstraint(
                        condition=models.Q(("sent__lte", models.F("wanted"))), name="outbound_event_sent_was_wanted"
                    ),
                ],
            },
        ),
    ]
