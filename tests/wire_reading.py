"""Reading an order off the wire and nothing else: what does it add up to?"""

from typing import Any


def added_up(order: dict[str, Any]) -> int:
    """Σ items - Σ discounts + service."""
    items = sum(
        item["quantity"] * (_each(item) + sum(part["quantity"] * _each(part) for part in item.get("subItems", ())))
        for item in order["items"]
    )
    discounts = sum(discount["amountTotal"]["value"] for discount in order["discounts"])
    return int(items - discounts + order["serviceChargeAmount"]["value"])


def paid(order: dict[str, Any]) -> int:
    """Σ payments, as a card machine would add them."""
    return sum(payment["paidAmount"]["value"] for payment in order["payments"])


def tipped(order: dict[str, Any]) -> int:
    return sum(payment["tipsAmount"]["value"] for payment in order["payments"] if "tipsAmount" in payment)


def _each(item: dict[str, Any]) -> int:
    choices = sum(choice["quantity"] * choice["amountPerModifier"]["value"] for choice in item.get("modifiers", ()))
    return int(item["amountPerItem"]["value"] + choices)
