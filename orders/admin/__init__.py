"""The back office, as far as it touches bills: most of it. Importing this registers its pages."""

from orders.admin import bills, evening, menu_parts, payments, people, plan, products, vat, venue

__all__ = ["bills", "evening", "menu_parts", "payments", "people", "plan", "products", "vat", "venue"]
