"""Hostile and clumsy input at every capability: refused by name in Dojo's own words, and nothing has happened.

Made from the table and the serializers: a new row is attacked without a line here.
"""

import gzip
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from dojo_integration.capabilities import TABLE, Capability, call
from dojo_integration.parsers import MAX_BYTES, parse_object
from orders.models import Order
from pos.errors import InvalidRequest
from pos.permissions import Actor
from tests.capabilities import own_contract
from tests.capabilities.conftest import Dojo
from tests.capabilities.hostile import NO_JSON, TAKES_A_BODY, hostile_values, places, put, with_mark
from tests.capabilities.roads import Answer, RestRoad, basic, read
from tests.capabilities.test_costs import LOADS
from tests.factories import WorkingVenue
from tests.fingerprint import fingerprint
from tests.tally import Tally

JSON = "application/json"
HAS_A_PATH = [capability for capability in TABLE if "{" in capability.path]


def named(capability: Capability) -> str:
    return capability.name


class Attack:
    """A capability with a request that would succeed, and a way to send another one."""

    def __init__(self, capability: Capability, shop: WorkingVenue, tally: Tally) -> None:
        self.capability = capability
        self.venue = shop.venue
        self.road = RestRoad(shop.venue)
        self.params = LOADS[capability.name](Dojo(self.road, tally), shop, 1)
        self.in_path = {name: value for name, value in self.params.items() if f"{{{name}}}" in capability.path}
        self.body = {name: value for name, value in self.params.items() if name not in self.in_path}
        # There is always a first field to spoil, whatever a capability can do without.
        self.body = self.body or {"unknown": 1}
        self.before = fingerprint()

    @property
    def good(self) -> bytes:
        return json.dumps(self.body).encode()

    def send(self, body: bytes | None = None, *, query: str = "", kind: str = JSON, **extra: Any) -> Answer:
        """Send what would succeed, but for what is said otherwise."""
        path = self.capability.path
        for name, value in (self.in_path | extra.pop("in_path", {})).items():
            path = path.replace(f"{{{name}}}", value)
        sent = self.good if body is None else body
        data = {"data": sent} if self.capability in TAKES_A_BODY or body is not None else {}
        environ = {"HTTP_AUTHORIZATION": basic(self.road.credential.username, "s3cret"), **extra}
        return read(
            self.road.client.generic(self.capability.verb, f"{path}{query}", content_type=kind, **data, **environ)
        )

    def ask(self, body: bytes) -> None:
        """The same without HTTP. Raises PosError."""
        call(self.capability, {**parse_object(body), **self.in_path}, Actor.dojo(self.venue))

    def is_refused(self, answer: Answer, what: object, *statuses: int) -> str:
        """Check a refusal and return what it says."""
        assert answer.status in (statuses or (400,)), (what, answer)
        assert answer.error_type == {404: "NotFound", 409: "Conflict"}.get(answer.status, "InvalidRequest"), (
            what,
            answer,
        )
        assert own_contract.problems(self.capability, answer) == [], (what, answer)
        return answer.message

    def still_succeeds(self, **how: Any) -> None:
        """Check that nothing has happened yet, and that it was the attack that was refused."""
        assert fingerprint() == self.before
        answer = self.send(**how)
        assert answer.status == 200, answer


@pytest.fixture
def attack(uk: WorkingVenue, tally: Tally) -> Callable[[Capability], Attack]:
    return lambda capability: Attack(capability, uk, tally)


# --- the body --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("capability", TAKES_A_BODY, ids=named)
def test_what_does_not_belong_is_refused_at_every_place(capability: Capability, attack) -> None:
    # given
    attacked = attack(capability)
    root = capability.request()
    targets = [place for place in places(root) if place.steps[0] not in attacked.in_path]
    assert targets
    for number, place in enumerate(targets):
        marked = with_mark(attacked.body, root, place)
        values = list(hostile_values(place.field))
        for raw in values:
            # when: past HTTP, which makes no difference to a value and takes most of the time
            with pytest.raises(InvalidRequest) as refused:
                attacked.ask(put(marked, raw))
            # then
            assert refused.value.field.startswith(place.name), (place.name, raw[:60])
        # and one of them over HTTP
        raw = values[number % len(values)]
        message = attacked.is_refused(attacked.send(put(marked, raw)), (place.name, raw[:60]))
        assert message.startswith(place.name)
        attacked.is_refused(attacked.send(put(marked, NO_JSON[number % len(NO_JSON)])), place.name)
    attacked.still_succeeds()


@pytest.mark.parametrize("capability", [c for c in TABLE if c.has_side_effects], ids=named)
def test_every_text_that_may_be_kept_has_an_end(capability: Capability) -> None:
    endless = [place.name for place in places(capability.request()) if getattr(place.field, "max_length", 0) is None]
    assert endless == []


def _twice(good: bytes) -> bytes:
    """The first field a second time."""
    fields = json.loads(good)
    name = next(iter(fields))
    return b'{"%s": 1, ' % name.encode() + json.dumps(fields)[1:].encode()


BODIES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda good: b"",
    "white space": lambda good: b" \r\n\t",
    "a list": lambda good: b"[" + good + b"]",
    "a text": lambda good: json.dumps(good.decode()).encode(),
    "a number": lambda good: b"5",
    "null": lambda good: b"null",
    "true": lambda good: b"true",
    "cut off": lambda good: good[:-1],
    "more behind it": lambda good: good + b"{}",
    "NUL behind it": lambda good: good + b"\x00",
    "a byte order mark": lambda good: b"\xef\xbb\xbf" + good,
    "UTF-16": lambda good: good.decode().encode("utf-16"),
    "UTF-32": lambda good: good.decode().encode("utf-32"),
    "Latin-1": lambda good: good[:-1] + ', "é": 1}'.encode("latin-1"),
    "gzip that says it is not": gzip.compress,
    "a form": lambda good: b"orderId=1&items=2",
    "XML": lambda good: b"<order/>",
    "a field twice": _twice,
    "a nesting bomb": lambda good: b'{"a":' * 5_000 + good + b"}" * 5_000,
    "NUL in a name": lambda good: good[:-1] + b', "a\\u0000": 1}',
    "a surrogate in a name": lambda good: good[:-1] + b', "\\ud800": 1}',
    "NaN in a field that nobody knows": lambda good: good[:-1] + b', "unknown": [NaN]}',
    "a number too large in a field that nobody knows": lambda good: good[:-1] + b', "unknown": 1e999}',
    "a byte too many": lambda good: good + b" " * (MAX_BYTES + 1 - len(good)),
    "two mebibytes": lambda good: good[:-1] + b', "x": "' + b"x" * (2 * MAX_BYTES) + b'"}',
}


@pytest.mark.parametrize("capability", TAKES_A_BODY, ids=named)
def test_a_body_that_is_none_is_refused(capability: Capability, attack) -> None:
    attacked = attack(capability)
    for what, spoil in BODIES.items():
        message = attacked.is_refused(attacked.send(spoil(attacked.good)), what)
        if what == "a field twice":
            assert message.startswith(next(iter(attacked.body))), message
    attacked.still_succeeds()


@pytest.mark.parametrize("capability", TAKES_A_BODY, ids=named)
def test_a_body_of_another_kind_is_refused(capability: Capability, attack) -> None:
    attacked = attack(capability)
    for kind in (
        "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml",
        "application/jsonp", "application/json; charset=utf-16", "\x00", "x" * 5_000,
    ):  # fmt: skip
        attacked.is_refused(attacked.send(kind=kind), kind, 415)
    for coding in ("gzip", "deflate", "br", "gzip, gzip"):
        packed = gzip.compress(attacked.good)
        attacked.is_refused(attacked.send(packed, HTTP_CONTENT_ENCODING=coding), coding, 415)
    attacked.still_succeeds()


@pytest.mark.parametrize("capability", TAKES_A_BODY, ids=named)
def test_a_body_without_a_length_is_held_to_the_same(capability: Capability, attack) -> None:
    # given what a server passes on of a chunked request
    attacked = attack(capability)

    def chunked(body: bytes) -> dict[str, Any]:
        return {
            "body": b"",
            "HTTP_TRANSFER_ENCODING": "chunked",
            "wsgi.input_terminated": True,
            "CONTENT_LENGTH": "",
            "wsgi.input": io.BytesIO(body),
        }

    for what, spoil in BODIES.items():
        attacked.is_refused(attacked.send(**chunked(spoil(attacked.good))), what)
    # and what breaks off, or says that it is longer than it may be
    for length, sent in (("50000", attacked.good), (str(MAX_BYTES + 1), b""), ("9" * 30, b"")):
        attacked.is_refused(attacked.send(b"", CONTENT_LENGTH=length, **{"wsgi.input": io.BytesIO(sent)}), length)
    attacked.still_succeeds(**chunked(attacked.good))


# --- the path, the query, the headers --------------------------------------------------------------------------------

ODD_IDS = [
    "%00", "order_1%00", "%ED%A0%80", "%FF", "%20", "%0A", "é", "🍷", "..%2F..", "%2e%2e", "x" * 121, "x" * 20_000,
    "9223372036854775808", "-1", "null", "'; DROP TABLE orders_order; --", "%C0%80", "%F4%90%80%80", "%25s",
    "{orderId}",
]  # fmt: skip


@pytest.mark.parametrize("capability", HAS_A_PATH, ids=named)
def test_an_odd_id_in_the_path_is_refused_or_unknown(capability: Capability, attack) -> None:
    attacked = attack(capability)
    for name in attacked.in_path:
        for odd in ODD_IDS:
            answer = attacked.send(in_path={name: odd})
            if name == "lockId" and answer.ok:
                # Any text up to its length may name a lock; that one just is not ours to give back.
                assert fingerprint() == attacked.before, odd
                continue
            message = attacked.is_refused(answer, (name, odd), 400, 404, *([409] if name == "lockId" else []))
            # What Dojo calls the thing may be looked at before what we call it.
            assert answer.status != 400 or message.startswith((name, f"dojo{name[0].upper()}{name[1:]}")), (
                odd,
                message,
            )
    attacked.still_succeeds()


QUERIES = ["?x=%00", "?x=%ED%A0%80", "?x=\ud800", "?orderId=%00&partyId=%00&lockId=%00", "?" + "x" * 50_000, "?&&&===%"]
HEADERS = {
    "NUL": "a\x00b",
    "half a surrogate": "\xed\xa0\x80",
    "control signs": "\x01\x1b[31m",
    "no UTF-8": "\xff\xfe",
    "far too long": "x" * 50_000,
    "the other way round": "\xe2\x80\xae",
}


@pytest.mark.parametrize("capability", TABLE, ids=named)
def test_query_and_hints_never_decide(capability: Capability, attack) -> None:
    # given what nobody asked for, and hints about who is asking: neither is a reason to refuse a payment
    attacked = attack(capability)
    query = "".join(QUERIES[:1]) + "".join(query.replace("?", "&") for query in QUERIES[1:] if query.isascii())
    hint = "".join(HEADERS.values())
    headers = ("HTTP_WAITER_ID", "HTTP_DOJO_REQUESTING_PRODUCT", "HTTP_DEVICE_ID", "HTTP_DEVICE_TYPE")
    # then it succeeds, and nothing of it is kept as it came
    attacked.still_succeeds(query=query, **dict.fromkeys(headers, hint), HTTP_X_REQUEST_ID=hint)


@pytest.mark.parametrize("capability", [c for c in TABLE if c not in TAKES_A_BODY], ids=named)
def test_a_body_where_none_belongs_is_not_even_read(capability: Capability, attack) -> None:
    attacked = attack(capability)
    attacked.still_succeeds(body=b'{"orderId": "\\u0000", NaN')


# --- the order of things ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("capability", TAKES_A_BODY, ids=named)
def test_a_stranger_is_turned_away_before_the_body_is_looked_at(capability: Capability, attack) -> None:
    attacked = attack(capability)
    for body in (b"", b"\x00", b"[" * 100_000, attacked.good):
        answer = attacked.send(body, HTTP_AUTHORIZATION=basic("dojo", "guessed"))
        attacked.is_refused(answer, body[:20], 401)
    attacked.still_succeeds()


def test_the_attacks_reach_deep(attack) -> None:
    # given: the control, without which a walk that stops early would look like a clean bill
    capability = next(capability for capability in TABLE if capability.name == "CreateOrder")
    root = capability.request()
    names = [place.name for place in places(root)]
    deepest = "items[0].subItems[0].modifiers[0].amountPerModifier.value"
    assert deepest in names
    assert {"details.dineIn.tableId", "discounts[0].isPercentage", "payments[0].tipsAmount.currencyCode"} <= set(names)
    place = next(place for place in places(root) if place.name == deepest)
    attacked = attack(capability)
    assert attacked.send(put(with_mark(attacked.body, root, place), b"1")).ok
    assert Order.objects.count() == 1
