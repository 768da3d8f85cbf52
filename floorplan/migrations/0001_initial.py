import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("pos", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Area",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        db_collation="C",
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9][a-z0-9-]*$", "Small letters, digits and hyphens."
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=40)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="areas", to="pos.venue"
                    ),
                ),
            ],
            options={
                "ordering": ["position", "pk"],
                "constraints": [models.UniqueConstraint(fields=("venue", "code"), name="area_code_unique")],
            },
        ),
        migrations.CreateModel(
            name="Table",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        db_collation="C",
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9][a-z0-9-]*$", "Small letters, digits and hyphens."
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=24)),
                ("max_covers", models.PositiveSmallIntegerField(default=4)),
                ("is_active", models.BooleanField(default=True)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "shape",
                    models.CharField(
                        choices=[("square", "Square"), ("round", "Round"), ("long", "Long")],
                        default="square",
                        max_length=8,
                    ),
                ),
                (
                    "x",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Centre on the plan, in percent × 10 of its width."
                    ),
                ),
                (
                    "y",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Centre on the plan, in percent × 10 of its height."
                    ),
                ),
                ("width", models.PositiveSmallIntegerField(default=100)),
                ("height", models.PositiveSmallIntegerField(default=100)),
                ("rotation", models.PositiveSmallIntegerField(default=0, help_text="Degrees, clockwise.")),
                (
                    "area",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tables", to="floorplan.area"
                    ),
                ),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tables", to="pos.venue"
                    ),
                ),
            ],
            options={
                "ordering": ["area__position", "position", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("venue", "code"), name="table_code_unique"),
                    models.UniqueConstraint(fields=("area", "name"), name="table_name_unique_in_area"),
                    models.CheckConstraint(condition=models.Q(("rotation__lt", 360)), name="table_rotation_in_degrees"),
                    models.CheckConstraint(
                        condition=models.Q(("x__lte", 1000), ("y__lte", 1000)), name="table_on_the_plan"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="Table",
            name="waiters",
            field=models.ManyToManyField(blank=True, related_name="tables", to="pos.membership"),
        ),
    ]
