"""What the restaurant of the drill begins with; run inside it: `python -m tests.faults.seeding JSON`.

Open bills by name and not at tables, so that nothing but the drill itself ever changes them.
"""

import json
import sys
from typing import Any

import django

django.setup()

from django.utils import timezone  # noqa: E402

from dojo_integration.services.credentials import issue_credential  # noqa: E402
from dojo_integration.services.webhook_secrets import add_webhook_secret  # noqa: E402
from orders.models import ServiceChoice  # noqa: E402
from tests.bills import add_line, settled  # noqa: E402
from tests.factories import OrderFactory, TableFactory, WorkingVenue, a_venue  # noqa: E402


def seed(asked: dict[str, Any]) -> dict[str, Any]:
    shop = a_venue(slug=asked["slug"])
    for number in range(asked["tables"]):
        TableFactory(venue=shop.venue, area=shop.area, code=f"d{number}", name=f"Drill {number}")
    orders = [_a_tab(shop, f"Tab {number}", asked["total"]) for number in range(asked["orders"])]
    add_webhook_secret(
        actor=shop.by_system,
        secret=asked["secret"],
        subscription_id=asked["subscription"],
        secret_id=asked["secret_id"],
    )
    issued = issue_credential(actor=shop.by_system)
    return {"orders": orders, "username": issued.credential.username, "password": issued.secret}


def _a_tab(shop: WorkingVenue, name: str, total: int) -> str:
    order = OrderFactory(
        venue=shop.venue,
        waiter=shop.waiter,
        service_choice=ServiceChoice.OFF,
        display_base=name,
        first_sent_at=timezone.now(),
    )
    add_line(shop, order, total)
    return settled(order).pk


if __name__ == "__main__":
    print(json.dumps(seed(json.loads(sys.argv[1]))))
