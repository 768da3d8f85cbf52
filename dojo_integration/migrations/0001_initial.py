import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("pos", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="OrderDocument",
            fields=[
                ("order_id", models.CharField(db_collation="C", max_length=40, primary_key=True, serialize=False)),
                ("venue_id", models.BigIntegerField()),
                ("table_code", models.CharField(blank=True, db_collation="C", max_length=40)),
                ("waiter_id", models.CharField(blank=True, db_collation="C", max_length=60)),
                ("party_id", models.CharField(blank=True, db_collation="C", max_length=40)),
                ("reservation_id", models.CharField(blank=True, db_collation="C", max_length=40)),
                ("payable", models.BooleanField()),
                ("body", models.TextField()),
            ],
            options={
                "ordering": ["-order_id"],
                "indexes": [
                    models.Index(fields=["venue_id", "-order_id"], name="document_newest"),
                    models.Index(
                        condition=models.Q(("payable", True)), fields=["venue_id", "-order_id"], name="document_payable"
                    ),
                    models.Index(fields=["venue_id", "table_code", "-order_id"], name="document_by_table"),
                    models.Index(fields=["venue_id", "waiter_id", "-order_id"], name="document_by_waiter"),
                    models.Index(
                        condition=models.Q(("party_id", ""), _negated=True),
                        fields=["venue_id", "party_id", "-order_id"],
                        name="document_by_party",
                    ),
                    models.Index(
                        condition=models.Q(("reservation_id", ""), _negated=True),
                        fields=["venue_id", "reservation_id", "-order_id"],
                        name="document_by_reservation",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RestCredential",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("username", models.CharField(db_collation="C", max_length=80)),
                ("secret_hash", models.CharField(editable=False, max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rest_credentials", to="pos.venue"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("username", "secret_hash"), name="rest_credential_unique")
                ],
            },
        ),
    ]
