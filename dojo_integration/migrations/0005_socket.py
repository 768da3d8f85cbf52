import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pos", "0002_audit_is_append_only"),
        ("dojo_integration", "0004_documents_by_number"),
    ]

    operations = [
        migrations.CreateModel(
            name="AnsweredRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rpc_id", models.CharField(db_collation="C", max_length=120)),
                ("method", models.CharField(db_collation="C", max_length=40)),
                ("params_hash", models.CharField(db_collation="C", max_length=64)),
                ("answer", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="pos.venue"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [models.Index(fields=["at"], name="answered_request_by_age")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("venue", "rpc_id", "method", "params_hash"), name="answered_request_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DojoSocket",
            fields=[
                (
                    "venue",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="dojo_socket",
                        serialize=False,
                        to="pos.venue",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("no_key", "No key"),
                            ("standby", "Waiting for the process that has it"),
                            ("connecting", "Connecting"),
                            ("connected", "Connected"),
                            ("refused", "Refused by Dojo"),
                            ("stopped", "Stopped"),
                            ("down", "Not running"),
                        ],
                        default="down",
                        max_length=12,
                    ),
                ),
                ("since", models.DateTimeField()),
                ("seen_at", models.DateTimeField(help_text="When its process was last heard of.")),
                ("host", models.CharField(blank=True, max_length=120)),
                ("pid", models.PositiveIntegerField(blank=True, null=True)),
                ("last_error", models.CharField(blank=True, max_length=200)),
                ("last_error_at", models.DateTimeField(blank=True, null=True)),
                ("served", models.PositiveBigIntegerField(default=0, help_text="Frames answered, of all time.")),
                (
                    "command",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("reconnect", "Connect again"),
                            ("drain", "Hand over to another process"),
                            ("stop", "Stop"),
                        ],
                        max_length=12,
                    ),
                ),
            ],
            options={"ordering": ["pk"]},
        ),
    ]
