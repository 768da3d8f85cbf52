"""The menu: what is sold, in which size, with which choices, under which VAT class, made where."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from pos.models import Venue

ALLERGENS = (
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
)

_code_form = RegexValidator(r"^[a-z0-9][a-z0-9-]*$", "Small letters, digits and hyphens.")


class VatClass(models.Model):
    """What the law calls a thing (hot food, soft drink); a product has a class, never a rate."""

    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="vat_classes")
    code = models.CharField(max_length=32, validators=[_code_form])
    name = models.CharField(max_length=60)
    is_default = models.BooleanField(default=False, help_text="Taken for a thing sold by Dojo that the menu lacks.")

    class Meta:
        ordering = ["name"]
        verbose_name = "VAT class"
        verbose_name_plural = "VAT classes"
        constraints = [
            models.UniqueConstraint(fields=["venue", "code"], name="vat_class_code_unique"),
            models.UniqueConstraint(fields=["venue"], condition=Q(is_default=True), name="vat_class_one_default"),
        ]

    def __str__(self) -> str:
        return self.name


class VatRate(models.Model):
    """From one day on, what a class costs in VAT, eaten in and taken out. A change is a new row."""

    vat_class = models.ForeignKey(VatClass, on_delete=models.CASCADE, related_name="rates")
    valid_from = models.DateField()
    rate_in = models.PositiveIntegerField(help_text="Eaten in; hundredths of a percent.")
    rate_out = models.PositiveIntegerField(help_text="Taken out; hundredths of a percent.")

    class Meta:
        ordering = ["vat_class", "-valid_from"]
        verbose_name = "VAT rate"
        constraints = [models.UniqueConstraint(fields=["vat_class", "valid_from"], name="vat_rate_one_a_day")]

    def __str__(self) -> str:
        return f"{self.vat_class} from {self.valid_from}"


class Course(models.Model):
    """A wave of the meal: drinks, starters, mains."""

    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="courses")
    name = models.CharField(max_length=32)
    position = models.PositiveSmallIntegerField()
    goes_at_once = models.BooleanField(default=False, help_text="Never held: drinks, bread.")

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["venue", "position"], name="course_position_unique")]

    def __str__(self) -> str:
        return self.name


class Station(models.Model):
    """Where things are made: the grill, the bar."""

    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="stations")
    code = models.CharField(max_length=32, validators=[_code_form])
    name = models.CharField(max_length=32)
    position = models.PositiveSmallIntegerField(default=0)
    is_default = models.BooleanField(default=False, help_text="Makes what Dojo sold and the menu lacks.")

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["venue", "code"], name="station_code_unique"),
            models.UniqueConstraint(fields=["venue"], condition=Q(is_default=True), name="station_one_default"),
        ]

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="categories")
    name = models.CharField(max_length=32)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name_plural = "categories"
        constraints = [models.UniqueConstraint(fields=["venue", "name"], name="category_name_unique")]

    def __str__(self) -> str:
        return self.name


class ProductKind(models.TextChoices):
    GOODS = "goods", "Goods"
    VOUCHER = "voucher", "Voucher sale"
    CONTAINER_DEPOSIT = "container_deposit", "Container deposit"


class Product(models.Model):
    """A thing on the menu; its portions carry the prices."""

    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="products")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    name = models.CharField(max_length=60)
    kitchen_name = models.CharField(max_length=40, blank=True)
    kind = models.CharField(max_length=20, choices=ProductKind, default=ProductKind.GOODS)
    vat_class = models.ForeignKey(VatClass, on_delete=models.PROTECT, related_name="products")
    station = models.ForeignKey(
        Station,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="products",
        help_text="Empty: nobody makes it, it is handed over when sent.",
    )
    course = models.ForeignKey(Course, null=True, blank=True, on_delete=models.PROTECT, related_name="products")
    note_presets = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    is_favourite = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    sold_out = models.BooleanField(default=False)
    portions_left = models.PositiveSmallIntegerField(null=True, blank=True)
    back_at = models.DateTimeField(null=True, blank=True)

    modifier_groups: "models.ManyToManyField[ModifierGroup, ProductModifierGroup]" = models.ManyToManyField(
        "ModifierGroup", through="ProductModifierGroup", related_name="products", blank=True
    )

    class Meta:
        ordering = ["position", "name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["venue", "name"], name="product_name_unique"),
            models.CheckConstraint(condition=Q(kind__in=ProductKind.values), name="product_kind_known"),
        ]

    def __str__(self) -> str:
        return self.name

    def is_sold_out(self, now: datetime) -> bool:
        """Sold out, and not yet back."""
        return self.sold_out and (self.back_at is None or now < self.back_at)


class Portion(models.Model):
    """A size of a product, with its own PLU, price and measure."""

    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="portions")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="portions")
    plu = models.CharField("PLU", max_length=60, db_collation="C")
    name = models.CharField(max_length=24, blank=True, help_text="pint, half, 175; empty when there is one size.")
    measure = models.CharField(max_length=16, blank=True, help_text="568 ml")
    price = models.PositiveIntegerField(help_text="In pence or cents.")
    is_default = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = "size"
        verbose_name_plural = "sizes and prices"
        constraints = [
            models.UniqueConstraint(fields=["venue", "plu"], name="portion_plu_unique"),
            models.UniqueConstraint(fields=["product"], condition=Q(is_default=True), name="portion_one_default"),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return f"{self.product.name} {self.name}".strip()


class ModifierGroup(models.Model):
    """A set of choices: how cooked, which mixer, extras; min 1 makes the question compulsory."""

    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="modifier_groups")
    name = models.CharField(max_length=40)
    minimum = models.PositiveSmallIntegerField(default=0)
    maximum = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: as many as they like.")

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = "question"
        verbose_name_plural = "choices & extras"
        constraints = [
            models.UniqueConstraint(fields=["venue", "name"], name="modifier_group_name_unique"),
            models.CheckConstraint(
                condition=Q(maximum__isnull=True) | (Q(maximum__gte=models.F("minimum")) & Q(maximum__gte=1)),
                name="modifier_group_maximum_reachable",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProductModifierGroup(models.Model):
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="group_links")
    group = models.ForeignKey(ModifierGroup, on_delete=models.CASCADE, related_name="product_links")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["product", "group"], name="product_group_once")]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.group_id}"


class Modifier(models.Model):
    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="modifiers")
    group = models.ForeignKey(ModifierGroup, on_delete=models.CASCADE, related_name="modifiers")
    plu = models.CharField("PLU", max_length=60, db_collation="C")
    name = models.CharField(max_length=40)
    price = models.PositiveIntegerField(default=0)
    sold_out = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = "choice"
        verbose_name_plural = "choices"
        constraints = [models.UniqueConstraint(fields=["venue", "plu"], name="modifier_plu_unique")]

    def __str__(self) -> str:
        return self.name


class ComboPart(models.Model):
    """One course of a set menu or one side of a meal deal: the guest takes one of its choices."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="combo_parts")
    name = models.CharField(max_length=32)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = "part of a set menu"
        verbose_name_plural = "parts of set menus"

    def __str__(self) -> str:
        return f"{self.product}: {self.name}"


class ComboChoice(models.Model):
    part = models.ForeignKey(ComboPart, on_delete=models.CASCADE, related_name="choices")
    portion = models.ForeignKey(Portion, on_delete=models.PROTECT, related_name="combo_choices")
    surcharge = models.PositiveIntegerField(default=0)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["part", "portion"], name="combo_choice_once")]

    def __str__(self) -> str:
        return f"{self.part}: {self.portion_id}"


class AllergenLevel(models.TextChoices):
    CONTAINS = "contains", "Contains"
    MAY_CONTAIN = "may_contain", "May contain"
    FREE = "free", "Free from"


class AllergenDeclaration(models.Model):
    """What is known of one allergen in one product or modifier; no row means not recorded, never safe."""

    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.CASCADE, related_name="allergen_declarations"
    )
    modifier = models.ForeignKey(
        Modifier, null=True, blank=True, on_delete=models.CASCADE, related_name="allergen_declarations"
    )
    allergen = models.CharField(max_length=16, choices=[(name, name) for name in ALLERGENS])
    level = models.CharField(max_length=12, choices=AllergenLevel)

    class Meta:
        ordering = ["allergen"]
        constraints = [
            models.CheckConstraint(
                condition=Q(product__isnull=False, modifier__isnull=True)
                | Q(product__isnull=True, modifier__isnull=False),
                name="allergen_of_one_thing",
            ),
            models.CheckConstraint(condition=Q(allergen__in=ALLERGENS), name="allergen_known"),
            models.CheckConstraint(condition=Q(level__in=AllergenLevel.values), name="allergen_level_known"),
            models.UniqueConstraint(fields=["product", "allergen"], name="allergen_once_per_product"),
            models.UniqueConstraint(fields=["modifier", "allergen"], name="allergen_once_per_modifier"),
        ]

    def __str__(self) -> str:
        return f"{self.allergen}: {self.level}"
