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
    ]
