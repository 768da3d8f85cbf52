import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import pos.ids
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("bookings", "0001_initial"),
        ("floorplan", "0001_initial"),
        ("pos", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="OrderNumber",
            fields=[
                (
                    "venue",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to="pos.venue"
                    ),
                ),
                ("last", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Category",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=32)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="categories", to="pos.venue"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "categories",
                "ordering": ["position", "pk"],
                "constraints": [models.UniqueConstraint(fields=("venue", "name"), name="category_name_unique")],
            },
        ),
        migrations.CreateModel(
            name="Course",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=32)),
                ("position", models.PositiveSmallIntegerField()),
                ("goes_at_once", models.BooleanField(default=False, help_text="Never held: drinks, bread.")),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="courses", to="pos.venue"
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
                "constraints": [models.UniqueConstraint(fields=("venue", "position"), name="course_position_unique")],
            },
        ),
        migrations.CreateModel(
            name="ModifierGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                ("minimum", models.PositiveSmallIntegerField(default=0)),
                (
                    "maximum",
                    models.PositiveSmallIntegerField(blank=True, help_text="Empty: as many as they like.", null=True),
                ),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="modifier_groups", to="pos.venue"
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("venue", "name"), name="modifier_group_name_unique"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("maximum__isnull", True),
                            models.Q(("maximum__gte", models.F("minimum")), ("maximum__gte", 1)),
                            _connector="OR",
                        ),
                        name="modifier_group_maximum_reachable",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Modifier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("plu", models.CharField(db_collation="C", max_length=60, verbose_name="PLU")),
                ("name", models.CharField(max_length=40)),
                ("price", models.PositiveIntegerField(default=0)),
                ("sold_out", models.BooleanField(default=False)),
                ("is_active", models.BooleanField(default=True)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="modifiers", to="pos.venue"
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="modifiers", to="orders.modifiergroup"
                    ),
                ),
            ],
            options={
                "ordering": ["position", "pk"],
                "constraints": [models.UniqueConstraint(fields=("venue", "plu"), name="modifier_plu_unique")],
            },
        ),
        migrations.CreateModel(
            name="Station",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        max_length=32,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9][a-z0-9-]*$", "Small letters, digits and hyphens."
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=32)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "is_default",
                    models.BooleanField(default=False, help_text="Makes what Dojo sold and the menu lacks."),
                ),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="stations", to="pos.venue"
                    ),
                ),
            ],
            options={
                "ordering": ["position", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("venue", "code"), name="station_code_unique"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)), fields=("venue",), name="station_one_default"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TradingPeriod",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pos.membership",
                    ),
                ),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="trading_periods", to="pos.venue"
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
                "constraints": [
                    models.UniqueConstraint(fields=("venue", "number"), name="trading_period_number_unique"),
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=("venue",),
                        name="trading_period_one_open",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", pos.ids.TypeIdField(editable=False, prefix="order", primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                (
                    "origin",
                    models.CharField(choices=[("staff", "Staff"), ("dojo", "Dojo")], default="staff", max_length=8),
                ),
                (
                    "order_type",
                    models.CharField(
                        choices=[("DineIn", "Dine in"), ("Collection", "Collection")], default="DineIn", max_length=12
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("New", "New"),
                            ("Submitted", "Submitted"),
                            ("Confirmed", "Confirmed"),
                            ("Accepted", "Accepted"),
                            ("Preparing", "Preparing"),
                            ("Prepared", "Prepared"),
                            ("Ready", "Ready"),
                            ("Finalized", "Finalized"),
                            ("Canceled", "Canceled"),
                            ("Failed", "Failed"),
                        ],
                        default="New",
                        max_length=12,
                    ),
                ),
                ("display_base", models.CharField(max_length=24)),
                ("display_name", models.CharField(max_length=24)),
                ("reference", models.CharField(blank=True, max_length=120)),
                ("dojo_order_id", models.CharField(blank=True, max_length=120, null=True)),
                ("covers", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("is_tab", models.BooleanField(default=False)),
                ("tab_description", models.CharField(blank=True, max_length=80)),
                ("tab_limit", models.BigIntegerField(blank=True, null=True)),
                (
                    "is_separate_bill",
                    models.BooleanField(default=False, help_text="Guests asked for a bill of their own."),
                ),
                (
                    "is_prepaid",
                    models.BooleanField(default=False, help_text="Paid before it is made: Order & Pay, counter."),
                ),
                ("is_parked", models.BooleanField(default=False)),
                (
                    "joins_back",
                    models.BooleanField(
                        default=False,
                        help_text="Born during a card machine's lease; merged into the earlier order if still unpaid.",
                    ),
                ),
                ("note", models.TextField(blank=True)),
                ("customer_id", models.CharField(blank=True, max_length=120)),
                ("customer_name", models.CharField(blank=True, max_length=120)),
                ("customer_email", models.CharField(blank=True, max_length=254)),
                ("customer_phone", models.CharField(blank=True, max_length=50)),
                ("ready_at", models.DateTimeField(blank=True, null=True)),
                ("collect_at", models.DateTimeField(blank=True, null=True)),
                ("collect_asap", models.BooleanField(blank=True, null=True)),
                ("currency", models.CharField(max_length=3)),
                (
                    "service_choice",
                    models.CharField(
                        choices=[
                            ("automatic", "By the venue's rule"),
                            ("off", "Taken off"),
                            ("on", "Put on"),
                            ("stated", "As Dojo stated"),
                        ],
                        default="automatic",
                        max_length=12,
                    ),
                ),
                ("service_stated", models.BigIntegerField(blank=True, null=True)),
                ("price_difference", models.BigIntegerField(default=0)),
                ("goods_amount", models.BigIntegerField(default=0)),
                ("discount_amount", models.BigIntegerField(default=0)),
                ("tax_amount", models.BigIntegerField(default=0)),
                ("tax_lines", models.JSONField(default=list, help_text="[rate, base, amount] per rate.")),
                ("service_amount", models.BigIntegerField(default=0)),
                (
                    "service_waived",
                    models.BigIntegerField(default=0, help_text="Service that paid shares had taken off."),
                ),
                ("total_amount", models.BigIntegerField(default=0)),
                ("paid_amount", models.BigIntegerField(default=0)),
                ("tips_amount", models.BigIntegerField(default=0)),
                ("outstanding", models.BigIntegerField(default=0)),
                ("overpaid", models.BigIntegerField(default=0)),
                ("bill_printed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "bill_shown_amount",
                    models.BigIntegerField(
                        blank=True,
                        help_text="The total a guest was last shown or paid against; below it a supervisor decides.",
                        null=True,
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("first_sent_at", models.DateTimeField(blank=True, null=True)),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("handed_over_at", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("business_date", models.DateField(blank=True, null=True)),
                ("reopened_at", models.DateTimeField(blank=True, null=True)),
                (
                    "follows",
                    models.ForeignKey(
                        blank=True,
                        help_text="The party's earlier order, paid or locked when this one began.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="followed_by",
                        to="orders.order",
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged_from",
                        to="orders.order",
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="bookings.party",
                    ),
                ),
                (
                    "reservation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="bookings.reservation",
                    ),
                ),
                (
                    "table",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="floorplan.table",
                    ),
                ),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="orders", to="pos.venue"
                    ),
                ),
                (
                    "waiter",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="pos.membership",
                    ),
                ),
                (
                    "trading_period",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="orders.tradingperiod",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ("Finalized", "Canceled", "Failed")), _negated=True),
                        fields=["venue", "table"],
                        name="order_open",
                    ),
                    models.Index(fields=["venue", "business_date"], name="order_by_business_date"),
                    models.Index(fields=["trading_period"], name="order_by_period"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("venue", "number"), name="order_number_unique"),
                    models.UniqueConstraint(fields=("venue", "dojo_order_id"), name="order_dojo_id_unique"),
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ("Finalized", "Canceled", "Failed")), _negated=True),
                        fields=("venue", "display_name"),
                        name="order_name_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("display_name", ""), _negated=True), name="order_name_set"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "New",
                                    "Submitted",
                                    "Confirmed",
                                    "Accepted",
                                    "Preparing",
                                    "Prepared",
                                    "Ready",
                                    "Finalized",
                                    "Canceled",
                                    "Failed",
                                ],
                            )
                        ),
                        name="order_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("order_type__in", ["DineIn", "Collection"])), name="order_type_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("total_amount__gte", 0)), name="order_total_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outstanding", 0), ("paid_amount__gte", models.F("total_amount"))),
                            models.Q(
                                (
                                    "outstanding",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("total_amount"), "-", models.F("paid_amount")
                                    ),
                                ),
                                ("paid_amount__lt", models.F("total_amount")),
                            ),
                            _connector="OR",
                        ),
                        name="order_outstanding_is_total_less_paid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("overpaid", 0), ("paid_amount__lte", models.F("total_amount"))),
                            models.Q(
                                (
                                    "overpaid",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("paid_amount"), "-", models.F("total_amount")
                                    ),
                                ),
                                ("paid_amount__gt", models.F("total_amount")),
                            ),
                            _connector="OR",
                        ),
                        name="order_overpaid_is_paid_less_total",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("business_date__isnull", False),
                                ("closed_at__isnull", False),
                                ("status__in", ("Finalized", "Canceled", "Failed")),
                            ),
                            models.Q(
                                models.Q(("status__in", ("Finalized", "Canceled", "Failed")), _negated=True),
                                ("business_date__isnull", True),
                                ("closed_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="order_close_is_stamped",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderLock",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("dojo", "Taken by Dojo"), ("terminal", "Sent to a card machine by staff")],
                        default="dojo",
                        max_length=10,
                    ),
                ),
                ("lock_id", models.CharField(db_collation="C", max_length=120)),
                ("expiry", models.DateTimeField()),
                ("holder_waiter_id", models.CharField(blank=True, max_length=60)),
                ("holder_device", models.CharField(blank=True, max_length=120)),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("end_reason", models.CharField(blank=True, max_length=12)),
                (
                    "membership",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pos.membership",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="locks", to="orders.order"
                    ),
                ),
                (
                    "venue",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pos.venue"),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at__isnull", True)), fields=["expiry"], name="order_lock_expiring"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("order", "lock_id"), name="order_lock_id_unique"),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)), fields=("order",), name="order_lock_one_held"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderShare",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("seat", "By seat"), ("item", "By item"), ("equal", "Equal"), ("amount", "Amount")],
                        max_length=8,
                    ),
                ),
                ("label", models.CharField(blank=True, max_length=40)),
                (
                    "seats",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(), blank=True, default=list, size=None
                    ),
                ),
                ("weight", models.PositiveSmallIntegerField(default=1)),
                ("fixed_amount", models.BigIntegerField(blank=True, null=True)),
                ("service_removed", models.BooleanField(default=False)),
                ("is_paid", models.BooleanField(default=False)),
                ("goods_amount", models.BigIntegerField(default=0)),
                ("service_amount", models.BigIntegerField(default=0)),
                (
                    "waived_amount",
                    models.BigIntegerField(default=0, help_text="Its part of the service, when that was removed."),
                ),
                ("total_amount", models.BigIntegerField(default=0)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="shares", to="orders.order"
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=("order", "number"), name="share_number_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["seat", "item", "equal", "amount"])), name="share_kind_known"
                    ),
                    models.CheckConstraint(condition=models.Q(("total_amount__gte", 0)), name="share_not_negative"),
                    models.CheckConstraint(condition=models.Q(("weight__gte", 1)), name="share_weighs_something"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentIntent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("intent_id", models.CharField(db_collation="C", max_length=120)),
                ("made_here", models.BooleanField(default=False, help_text="Created by a till of ours, not by Dojo.")),
                (
                    "purpose",
                    models.CharField(
                        choices=[("sale", "Sale"), ("hold", "Hold for a tab"), ("deposit", "Deposit of a booking")],
                        default="sale",
                        max_length=8,
                    ),
                ),
                (
                    "capture_mode",
                    models.CharField(
                        blank=True,
                        choices=[("", "Unknown"), ("Auto", "Auto"), ("Manual", "Manual")],
                        default="",
                        max_length=8,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Not looked up yet"),
                            ("Created", "Created"),
                            ("Authorized", "Authorized"),
                            ("Captured", "Captured"),
                            ("Reversed", "Reversed"),
                            ("Refunded", "Refunded"),
                            ("Canceled", "Canceled"),
                        ],
                        default="",
                        max_length=12,
                    ),
                ),
                (
                    "recorded_by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Nothing recorded"),
                            ("record", "RecordOrderPaymentById"),
                            ("create", "CreateOrder"),
                            ("event", "Event, webhook or lookup"),
                        ],
                        default="",
                        max_length=8,
                    ),
                ),
                ("recorded_amount", models.BigIntegerField(default=0)),
                ("recorded_tips", models.BigIntegerField(default=0)),
                ("refused_at", models.DateTimeField(blank=True, null=True)),
                ("refused_reason", models.CharField(blank=True, max_length=200)),
                ("looks_after_refusal", models.PositiveSmallIntegerField(default=0)),
                ("next_look_at", models.DateTimeField(blank=True, null=True)),
                ("seen_amount", models.BigIntegerField(blank=True, null=True)),
                ("seen_tips", models.BigIntegerField(blank=True, null=True)),
                ("seen_refunded", models.BigIntegerField(default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "order",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payment_intents",
                        to="orders.order",
                    ),
                ),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="payment_intents", to="pos.venue"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_look_at__isnull", False)),
                        fields=["next_look_at"],
                        name="payment_intent_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("venue", "intent_id"), name="payment_intent_id_unique")
                ],
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("card", "Card"),
                            ("cash", "Cash"),
                            ("voucher", "Voucher"),
                            ("deposit", "Deposit"),
                            ("other", "Other"),
                            ("walk_out", "Walk-out"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "entry",
                    models.CharField(
                        choices=[
                            ("payment", "Payment"),
                            ("correction", "Correction"),
                            ("reversal", "Reversal"),
                            ("refund", "Refund"),
                        ],
                        default="payment",
                        max_length=10,
                    ),
                ),
                ("amount", models.BigIntegerField()),
                ("service_part", models.BigIntegerField(default=0)),
                ("tips", models.BigIntegerField(default=0)),
                ("currency", models.CharField(max_length=3)),
                ("tendered", models.BigIntegerField(blank=True, null=True)),
                ("change", models.BigIntegerField(blank=True, null=True)),
                ("reference", models.CharField(blank=True, max_length=120)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("at", models.DateTimeField()),
                ("business_date", models.DateField()),
                ("waiter_id", models.CharField(blank=True, help_text="As typed on the card machine.", max_length=60)),
                (
                    "about",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="movements",
                        to="orders.payment",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="payments", to="orders.order"
                    ),
                ),
                (
                    "share",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="orders.ordershare",
                    ),
                ),
                (
                    "taken_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pos.membership",
                    ),
                ),
                (
                    "till",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pos.till",
                    ),
                ),
                (
                    "venue",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pos.venue"),
                ),
                (
                    "intent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="orders.paymentintent",
                    ),
                ),
                (
                    "trading_period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="payments", to="orders.tradingperiod"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [models.Index(fields=["trading_period", "kind"], name="payment_by_period")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("entry", "payment"), ("intent__isnull", False)),
                        fields=("venue", "intent"),
                        name="payment_once_per_intent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["card", "cash", "voucher", "deposit", "other", "walk_out"])),
                        name="payment_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("entry__in", ["payment", "correction", "reversal", "refund"])),
                        name="payment_entry_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("about__isnull", True), ("amount__gt", 0), ("entry", "payment")),
                            models.Q(("about__isnull", False), ("entry", "correction")),
                            models.Q(
                                ("about__isnull", False), ("amount__lte", 0), ("entry__in", ("reversal", "refund"))
                            ),
                            _connector="OR",
                        ),
                        name="payment_sign_fits_entry",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("tendered__isnull", True), ("tendered__gte", models.F("amount")), _connector="OR"
                        ),
                        name="payment_cash_covers",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderException",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("overpaid", "Overpaid"),
                            ("amounts_differ", "Two amounts for one payment"),
                            ("total_differs", "Dojo's total is not ours"),
                            ("bill_lowered", "Bill lowered after printing or part payment"),
                            ("unknown_plu", "Sold a thing the menu lacks"),
                            ("unknown_table", "Order for a table we do not have"),
                            ("payment_reversed", "Card payment reversed"),
                            ("payment_refused", "Payment refused"),
                            ("refund_without_sale", "Refund of a payment we never recorded"),
                            ("lease_released", "Card machine's hold released by a manager"),
                            ("reservation_overlap", "Two bookings for one table"),
                            ("orphan_payment", "Payment for no order of ours"),
                            ("walk_out", "Left without paying"),
                        ],
                        max_length=24,
                    ),
                ),
                ("subject", models.CharField(blank=True, max_length=120)),
                ("amount", models.BigIntegerField(blank=True, null=True)),
                ("message", models.CharField(max_length=300)),
                ("detail", models.JSONField(default=dict)),
                ("raised_at", models.DateTimeField()),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                ("resolution", models.CharField(blank=True, max_length=200)),
                (
                    "order",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="exceptions",
                        to="orders.order",
                    ),
                ),
                (
                    "resolved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pos.membership",
                    ),
                ),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="exceptions", to="pos.venue"
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.payment",
                    ),
                ),
                (
                    "intent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.paymentintent",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("resolved_at__isnull", True)),
                        fields=["venue", "-id"],
                        name="exception_open",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Round",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("sent_at", models.DateTimeField()),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rounds", to="orders.order"
                    ),
                ),
                (
                    "sent_by",
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
            ],
            options={
                "ordering": ["number"],
                "constraints": [models.UniqueConstraint(fields=("order", "number"), name="round_number_unique")],
            },
        ),
        migrations.CreateModel(
            name="SeatAllergy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seat", models.PositiveSmallIntegerField()),
                (
                    "allergens",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("celery", "celery"),
                                ("gluten", "gluten"),
                                ("crustaceans", "crustaceans"),
                                ("eggs", "eggs"),
                                ("fish", "fish"),
                                ("lupin", "lupin"),
                                ("milk", "milk"),
                                ("molluscs", "molluscs"),
                                ("mustard", "mustard"),
                                ("nuts", "nuts"),
                                ("peanuts", "peanuts"),
                                ("sesame", "sesame"),
                                ("soya", "soya"),
                                ("sulphites", "sulphites"),
                            ],
                            max_length=16,
                        ),
                        default=list,
                        size=None,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200)),
                ("noted_at", models.DateTimeField()),
                (
                    "noted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pos.membership",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="seat_allergies", to="orders.order"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "seat allergies",
                "ordering": ["seat"],
                "constraints": [models.UniqueConstraint(fields=("order", "seat"), name="seat_allergy_once")],
            },
        ),
        migrations.CreateModel(
            name="AllergyAcknowledgement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seen_at", models.DateTimeField()),
                (
                    "seen_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pos.membership",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="allergy_acknowledgements",
                        to="orders.order",
                    ),
                ),
                (
                    "station",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="orders.station"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("order", "station"), name="allergy_seen_once_per_station")
                ],
            },
        ),
        migrations.CreateModel(
            name="TillOperation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.PositiveBigIntegerField()),
                ("op_id", models.CharField(db_collation="C", max_length=64)),
                ("kind", models.CharField(max_length=24)),
                ("body_hash", models.CharField(max_length=64)),
                ("result", models.JSONField()),
                ("at", models.DateTimeField()),
                (
                    "order",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="orders.order"
                    ),
                ),
                (
                    "till",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="operations", to="pos.till"
                    ),
                ),
                (
                    "venue",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="pos.venue"),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [models.Index(fields=["at"], name="till_operation_by_age")],
                "constraints": [models.UniqueConstraint(fields=("venue", "op_id"), name="till_operation_once")],
            },
        ),
        migrations.CreateModel(
            name="VatClass",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        max_length=32,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9][a-z0-9-]*$", "Small letters, digits and hyphens."
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                (
                    "is_default",
                    models.BooleanField(default=False, help_text="Taken for a thing sold by Dojo that the menu lacks."),
                ),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="vat_classes", to="pos.venue"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "VAT classes",
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(fields=("venue", "code"), name="vat_class_code_unique"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)), fields=("venue",), name="vat_class_one_default"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Product",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60)),
                ("kitchen_name", models.CharField(blank=True, max_length=40)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("goods", "Goods"),
                            ("voucher", "Voucher sale"),
                            ("container_deposit", "Container deposit"),
                        ],
                        default="goods",
                        max_length=20,
                    ),
                ),
                (
                    "note_presets",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32), blank=True, default=list, size=None
                    ),
                ),
                ("is_favourite", models.BooleanField(default=False)),
                ("is_active", models.BooleanField(default=True)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("sold_out", models.BooleanField(default=False)),
                ("portions_left", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("back_at", models.DateTimeField(blank=True, null=True)),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="products", to="orders.category"
                    ),
                ),
                (
                    "course",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to="orders.course",
                    ),
                ),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="products", to="pos.venue"
                    ),
                ),
                (
                    "station",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: nobody makes it, it is handed over when sent.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to="orders.station",
                    ),
                ),
                (
                    "vat_class",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="products", to="orders.vatclass"
                    ),
                ),
            ],
            options={
                "ordering": ["position", "name", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("venue", "name"), name="product_name_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["goods", "voucher", "container_deposit"])),
                        name="product_kind_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ComboPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=32)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="combo_parts", to="orders.product"
                    ),
                ),
            ],
            options={
                "ordering": ["position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Portion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("plu", models.CharField(db_collation="C", max_length=60, verbose_name="PLU")),
                (
                    "name",
                    models.CharField(
                        blank=True, help_text="pint, half, 175; empty when there is one size.", max_length=24
                    ),
                ),
                ("measure", models.CharField(blank=True, help_text="568 ml", max_length=16)),
                ("price", models.PositiveIntegerField(help_text="In pence or cents.")),
                ("is_default", models.BooleanField(default=False)),
                ("is_active", models.BooleanField(default=True)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="portions", to="pos.venue"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="portions", to="orders.product"
                    ),
                ),
            ],
            options={
                "ordering": ["position", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("venue", "plu"), name="portion_plu_unique"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)), fields=("product",), name="portion_one_default"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderLine",
            fields=[
                ("id", pos.ids.TypeIdField(editable=False, prefix="line", primary_key=True, serialize=False)),
                ("position", models.PositiveIntegerField()),
                ("plu", models.CharField(max_length=120)),
                ("name", models.CharField(max_length=200)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("goods", "Goods"),
                            ("voucher", "Voucher sale"),
                            ("container_deposit", "Container deposit"),
                        ],
                        default="goods",
                        max_length=20,
                    ),
                ),
                ("quantity", models.PositiveIntegerField(default=1)),
                ("unit_price", models.BigIntegerField()),
                ("note", models.CharField(blank=True, max_length=500)),
                (
                    "seats",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(), blank=True, default=list, size=None
                    ),
                ),
                (
                    "eaten",
                    models.CharField(choices=[("in", "Eat in"), ("out", "Take away")], default="in", max_length=4),
                ),
                ("vat_rate", models.PositiveIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("unsent", "Unsent"),
                            ("held", "Held"),
                            ("sent", "Sent"),
                            ("started", "Started"),
                            ("ready", "Ready"),
                            ("served", "Served"),
                            ("voided", "Voided"),
                        ],
                        default="unsent",
                        max_length=8,
                    ),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("station_has_it_at", models.DateTimeField(blank=True, null=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("ready_at", models.DateTimeField(blank=True, null=True)),
                ("served_at", models.DateTimeField(blank=True, null=True)),
                ("added_at", models.DateTimeField()),
                (
                    "taken_off",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "On the bill"),
                            ("remove", "Removed before it was sent"),
                            ("correct", "Corrected"),
                            ("void", "Voided"),
                        ],
                        default="",
                        max_length=8,
                    ),
                ),
                ("taken_off_at", models.DateTimeField(blank=True, null=True)),
                ("taken_off_reason", models.CharField(blank=True, max_length=120)),
                ("was_made", models.BooleanField(blank=True, null=True)),
                ("cancellation_seen_at", models.DateTimeField(blank=True, null=True)),
                (
                    "price_rule",
                    models.CharField(
                        blank=True,
                        choices=[("", "As on the menu"), ("comp", "On the house"), ("staff_meal", "Staff meal")],
                        default="",
                        max_length=12,
                    ),
                ),
                ("price_rule_reason", models.CharField(blank=True, max_length=120)),
                ("price_rule_amount", models.BigIntegerField(blank=True, null=True)),
                ("gross_amount", models.BigIntegerField(default=0)),
                ("discount_amount", models.BigIntegerField(default=0)),
                ("net_amount", models.BigIntegerField(default=0)),
                (
                    "added_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pos.membership",
                    ),
                ),
                (
                    "course",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.course",
                    ),
                ),
                (
                    "meal_of",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pos.membership",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="orders.order"
                    ),
                ),
                (
                    "taken_off_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pos.membership",
                    ),
                ),
                (
                    "till",
                    models.ForeignKey(
                        blank=True,
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
                (
                    "portion",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.portion",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.product",
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="orders.round",
                    ),
                ),
                (
                    "station",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.station",
                    ),
                ),
                (
                    "vat_class",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.vatclass",
                    ),
                ),
            ],
            options={
                "ordering": ["position", "pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ("sent", "started", "ready"))),
                        fields=["station", "sent_at"],
                        name="line_at_station",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("cancellation_seen_at__isnull", True), ("sent_at__isnull", False), ("state", "voided")
                        ),
                        fields=["station"],
                        name="line_cancelled_unseen",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("quantity__gte", 1)), name="line_quantity_positive"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["unsent", "held", "sent", "started", "ready", "served", "voided"])
                        ),
                        name="line_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "voided"), ("taken_off", ""), _connector="XOR"),
                        name="line_voided_says_why",
                    ),
                    models.CheckConstraint(condition=models.Q(("net_amount__gte", 0)), name="line_net_not_negative"),
                ],
            },
        ),
        migrations.CreateModel(
            name="LineSubItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("plu", models.CharField(max_length=120)),
                ("name", models.CharField(max_length=200)),
                ("quantity", models.PositiveIntegerField(default=1)),
                ("price", models.BigIntegerField(default=0)),
                ("standalone_price", models.BigIntegerField(default=0)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("vat_rate", models.PositiveIntegerField(default=0)),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sub_items", to="orders.orderline"
                    ),
                ),
                (
                    "portion",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.portion",
                    ),
                ),
                (
                    "vat_class",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.vatclass",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="LineModifier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("plu", models.CharField(max_length=120)),
                ("name", models.CharField(max_length=200)),
                ("quantity", models.PositiveIntegerField(default=1)),
                ("price", models.BigIntegerField(default=0)),
                (
                    "sub_item",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="modifiers",
                        to="orders.linesubitem",
                    ),
                ),
                (
                    "modifier",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.modifier",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="modifiers", to="orders.orderline"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Discount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("code", models.CharField(blank=True, max_length=120)),
                ("reference", models.CharField(blank=True, max_length=120)),
                ("affected_plu", models.CharField(blank=True, max_length=120)),
                ("fixed_amount", models.BigIntegerField(blank=True, null=True)),
                ("percent", models.PositiveIntegerField(blank=True, null=True)),
                ("stated_percent", models.PositiveIntegerField(blank=True, null=True)),
                ("amount", models.BigIntegerField(default=0)),
                ("given_at", models.DateTimeField()),
                (
                    "given_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pos.membership",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="discounts", to="orders.order"
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="discounts",
                        to="orders.orderline",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("fixed_amount__isnull", False), ("percent__isnull", True)),
                            models.Q(
                                ("fixed_amount__isnull", True), ("percent__isnull", False), ("percent__lte", 10000)
                            ),
                            _connector="OR",
                        ),
                        name="discount_fixed_or_percent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("fixed_amount__isnull", True), ("fixed_amount__gte", 0), _connector="OR"),
                        name="discount_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ComboChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("surcharge", models.PositiveIntegerField(default=0)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "part",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="choices", to="orders.combopart"
                    ),
                ),
                (
                    "portion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="combo_choices", to="orders.portion"
                    ),
                ),
            ],
            options={
                "ordering": ["position", "pk"],
                "constraints": [models.UniqueConstraint(fields=("part", "portion"), name="combo_choice_once")],
            },
        ),
        migrations.CreateModel(
            name="AllergenDeclaration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "allergen",
                    models.CharField(
                        choices=[
                            ("celery", "celery"),
                            ("gluten", "gluten"),
                            ("crustaceans", "crustaceans"),
                            ("eggs", "eggs"),
                            ("fish", "fish"),
                            ("lupin", "lupin"),
                            ("milk", "milk"),
                            ("molluscs", "molluscs"),
                            ("mustard", "mustard"),
                            ("nuts", "nuts"),
                            ("peanuts", "peanuts"),
                            ("sesame", "sesame"),
                            ("soya", "soya"),
                            ("sulphites", "sulphites"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[("contains", "Contains"), ("may_contain", "May contain"), ("free", "Free from")],
                        max_length=12,
                    ),
                ),
                (
                    "modifier",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="allergen_declarations",
                        to="orders.modifier",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="allergen_declarations",
                        to="orders.product",
                    ),
                ),
            ],
            options={
                "ordering": ["allergen"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("modifier__isnull", True), ("product__isnull", False)),
                            models.Q(("modifier__isnull", False), ("product__isnull", True)),
                            _connector="OR",
                        ),
                        name="allergen_of_one_thing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "allergen__in",
                                (
                                    "celery",
                                    "gluten",
                                    "crustaceans",
                                    "eggs",
                                    "fish",
                                    "lupin",
                                    "milk",
                                    "molluscs",
                                    "mustard",
                                    "nuts",
                                    "peanuts",
                                    "sesame",
                                    "soya",
                                    "sulphites",
                                ),
                            )
                        ),
                        name="allergen_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("level__in", ["contains", "may_contain", "free"])),
                        name="allergen_level_known",
                    ),
                    models.UniqueConstraint(fields=("product", "allergen"), name="allergen_once_per_product"),
                    models.UniqueConstraint(fields=("modifier", "allergen"), name="allergen_once_per_modifier"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProductModifierGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="product_links",
                        to="orders.modifiergroup",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="group_links", to="orders.product"
                    ),
                ),
            ],
            options={
                "ordering": ["position", "pk"],
                "constraints": [models.UniqueConstraint(fields=("product", "group"), name="product_group_once")],
            },
        ),
        migrations.CreateModel(
            name="ShareLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("weight", models.PositiveSmallIntegerField(default=1)),
                ("amount", models.BigIntegerField(default=0)),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="share_lines", to="orders.orderline"
                    ),
                ),
                (
                    "share",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="share_lines", to="orders.ordershare"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [models.UniqueConstraint(fields=("share", "line"), name="share_line_once")],
            },
        ),
        migrations.CreateModel(
            name="VatRate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("rate_in", models.PositiveIntegerField(help_text="Eaten in; hundredths of a percent.")),
                ("rate_out", models.PositiveIntegerField(help_text="Taken out; hundredths of a percent.")),
                (
                    "vat_class",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rates", to="orders.vatclass"
                    ),
                ),
            ],
            options={
                "ordering": ["vat_class", "-valid_from"],
                "constraints": [models.UniqueConstraint(fields=("vat_class", "valid_from"), name="vat_rate_one_a_day")],
            },
        ),
        migrations.AddField(
            model_name="Product",
            name="modifier_groups",
            field=models.ManyToManyField(
                blank=True, related_name="products", through="orders.ProductModifierGroup", to="orders.modifiergroup"
            ),
        ),
    ]
