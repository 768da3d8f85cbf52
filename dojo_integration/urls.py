"""Every path of Dojo's: those of the capability table under /v1 with the document that says so, and that of its
webhooks; a slash at the end or none.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from django.urls import URLPattern, re_path

from dojo_integration import api_pages, webhook
from dojo_integration.capabilities import TABLE, Capability, find
from dojo_integration.rest import endpoint, nothing_here

Choose = Callable[[Mapping[str, Any]], Capability]

# Dojo's own pages name POST /v1/orders for searching too. A body with none of what an order is made of is a search.
_ORDER_PARTS = frozenset({"items", "dojoOrderId", "totalAmount", "payments", "details"})


def _always(capability: Capability) -> Choose:
    return lambda body: capability


def _create_or_search(body: Mapping[str, Any]) -> Capability:
    return find("SearchOrders" if _ORDER_PARTS.isdisjoint(body) else "CreateOrder")


def _paths() -> dict[str, dict[str, Choose]]:
    paths: dict[str, dict[str, Choose]] = defaultdict(dict)
    for capability in TABLE:
        for path in (capability.path, *capability.other_paths):
            paths[path][capability.verb] = _always(capability)
    paths["/v1/orders"]["POST"] = _create_or_search
    # What is named comes before what is looked up: /v1/orders/search is no order's id.
    return dict(sorted(paths.items(), key=lambda item: item[0].count("{")))


def _pattern(path: str) -> str:
    named = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path.lstrip("/"))
    return rf"^{named}/?\Z"


urlpatterns: list[URLPattern] = [
    re_path(r"^v1/schema/?\Z", api_pages.schema, name="api_schema"),
    re_path(r"^v1/docs/?\Z", api_pages.docs, name="api_docs"),
    re_path(r"^webhooks/dojo/(?P<venue_slug>[A-Za-z0-9_-]+)/?\Z", webhook.receive, name="dojo_webhook"),
    *(re_path(_pattern(path), endpoint(by_verb)) for path, by_verb in _paths().items()),
]
urlpatterns.append(re_path(r"^(?:v1|webhooks)(?:/[\s\S]*)?\Z", nothing_here))
