import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dojo_integration", "0001_initial"),
        ("pos", "0002_audit_is_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="DojoEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_id", models.CharField(db_collation="C", max_length=120)),
                (
                    "name",
                    models.CharField(
                        choices=[
                            ("payment_intent.created", "Payment intent created"),
                            ("payment_intent.status_updated", "Payment intent's status updated"),
                        ],
                        max_length=60,
                    ),
                ),
                ("account_id", models.CharField(max_length=120)),
                ("payment_intent_id", models.CharField(db_collation="C", max_length=120)),
                (
                    "payment_status",
                    models.CharField(
                        choices=[
                            ("", "Not looked up yet"),
                            ("Created", "Created"),
                            ("Authorized", "Authorized"),
                            ("Captured", "Captured"),
                            ("Reversed", "Reversed"),
                            ("Refunded", "Refunded"),
                            ("Canceled", "Canceled"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "capture_mode",
                    models.CharField(choices=[("", "Unknown"), ("Auto", "Auto"), ("Manual", "Manual")], max_length=8),
                ),
                ("created_at", models.DateTimeField(help_text="When it happened, as Dojo says.")),
                ("received_at", models.DateTimeField()),
                (
                    "road",
                    models.CharField(
                        blank=True,
                        choices=[("rest", "REST"), ("ws", "WebSocket"), ("webhook", "Webhook")],
                        max_length=8,
                    ),
                ),
                ("body", models.JSONField(help_text="All of it, as it came.")),
                ("handled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="dojo_events", to="pos.venue"
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("handled_at__isnull", True)),
                        fields=["received_at"],
                        name="dojo_event_unhandled",
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("venue", "event_id"), name="dojo_event_once")],
            },
        ),
    ]
