from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0001_initial"),
        ("floorplan", "0001_initial"),
        ("pos", "0002_audit_is_append_only"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="reservation",
            index=models.Index(fields=["venue", "-id"], name="reservation_newest"),
        ),
    ]
