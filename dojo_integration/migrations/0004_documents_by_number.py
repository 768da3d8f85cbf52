from django.db import migrations, models

# Sorted by number, a page can only be found in its venue's own index. Sorted by id it could be found along the primary
# key, too: PostgreSQL does so where one venue has most of the rows, and walks through all that others took since.
_FILTERS = {
    "document_newest": {"fields": ["venue_id"]},
    "document_payable": {"fields": ["venue_id"], "condition": models.Q(("payable", True))},
    "document_by_table": {"fields": ["venue_id", "table_code"]},
    "document_by_waiter": {"fields": ["venue_id", "waiter_id"]},
    "document_by_party": {
        "fields": ["venue_id", "party_id"],
        "condition": models.Q(("party_id", ""), _negated=True),
    },
    "document_by_reservation": {
        "fields": ["venue_id", "reservation_id"],
        "condition": models.Q(("reservation_id", ""), _negated=True),
    },
}
# Without it a search for a waiter at a table goes through the whole past of one of the two.
_BOTH = {
    "document_by_table_waiter": {
        "fields": ["venue_id", "table_code", "waiter_id"],
        "condition": models.Q(
            models.Q(("table_code", ""), _negated=True), models.Q(("waiter_id", ""), _negated=True)
        ),
    },
}
# A key that is text gets a twin for LIKE, which nobody asks here; every write would pay for it.
_TWIN = "dojo_integration_orderdocument_order_id_50627325_like"


def _sorted_by(field, indexes):
    return [
        migrations.AddIndex(
            model_name="orderdocument",
            index=models.Index(name=name, **{**options, "fields": [*options["fields"], field]}),
        )
        for name, options in indexes.items()
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("dojo_integration", "0003_dojo_connection"),
        ("orders", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="orderdocument",
            name="number",
            field=models.PositiveIntegerField(default=0),
            preserve_default=False,
        ),
        # Documents are made from the rows; so is this part of them.
        migrations.RunSQL(
            "UPDATE dojo_integration_orderdocument d SET number = o.number FROM orders_order o WHERE o.id = d.order_id",
            migrations.RunSQL.noop,
        ),
        *(migrations.RemoveIndex(model_name="orderdocument", name=name) for name in _FILTERS),
        *_sorted_by("-number", _FILTERS | _BOTH),
        migrations.RunSQL(
            f"DROP INDEX IF EXISTS {_TWIN}",
            f"CREATE INDEX {_TWIN} ON dojo_integration_orderdocument (order_id varchar_pattern_ops)",
        ),
    ]
