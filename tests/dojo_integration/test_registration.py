"""What is to be registered, and what is read back of it; without anybody to ask."""

import pytest

from dojo_integration import registration
from dojo_integration.dojo_api.results import Integrations
from dojo_integration.models import Road
from dojo_integration.registration import IMPLEMENTED, Row, Seen
from pos.errors import InvalidRequest

URL = "https://pos.example.com"


def seen(*, ws: list[str] | None = None, rest: list[str] | None = None, version: str = "v1", **of_rest: object) -> Seen:
    def capabilities(names: list[str]) -> list[dict[str, str]]:
        return [{"name": name, "version": version} for name in names]

    body = {
        "wsIntegrations": [] if ws is None else [{"capabilities": capabilities(ws)}],
        "restIntegrations": [] if rest is None else [{"capabilities": capabilities(rest), "url": URL, **of_rest}],
    }
    return registration.read(Integrations.read(body))


def note_of(found: Seen, name: str) -> Row:
    return next(row for row in registration.compare(found) if row.name == name)


def test_all_that_we_implement_and_no_preview_is_wanted() -> None:
    wanted = registration.wanted_names()
    assert len(wanted) == len(set(wanted)) == 23
    # both the way of the newest documents, and that of the older ones
    assert {"RecordOrderPaymentById", "HandleEvent:payment_intent.status_updated"} <= set(wanted)
    assert not {"AddOrderItems", "CalculateOrder", "SubmitCalculatedOrder", "SearchMenus"} & set(wanted)


def test_one_by_name_in_any_writing_and_in_the_order_of_the_table() -> None:
    asked = ["HandleEvent", "UpdatePartyById", "GetOrderByIdV1", "HandleEvent:payment_intent.created"]
    assert registration.wanted_names(asked) == (
        "GetOrderById",
        "UpdateParty",
        "HandleEvent:payment_intent.created",
        "HandleEvent:payment_intent.status_updated",
    )
    assert registration.wanted_names(["HandleEvent:payment_intent.created"]) == ("HandleEvent:payment_intent.created",)


@pytest.mark.parametrize(
    ("name", "said"), [("SearchMenus", "SearchMenus is a preview of Dojo's"), ("Pay", "Pay is not a capability")]
)
def test_a_preview_and_a_stranger_are_named(name: str, said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        registration.wanted_names(["GetOrderById", name])


def test_the_names_of_before_are_four_others() -> None:
    former = registration.former_names(IMPLEMENTED)
    assert set(former) - set(IMPLEMENTED) == {
        "GetOrderBill", "RecordOrderPayment", "UpdatePartyById", "UpdateReservationById",
    }  # fmt: skip
    assert len(former) == len(IMPLEMENTED)


def test_what_is_registered_as_it_is_wanted_has_no_fault() -> None:
    auth = {"authType": "basic", "basic": {"username": "dojo-1"}}
    found = seen(ws=list(IMPLEMENTED), rest=list(IMPLEMENTED), auth=auth)
    assert found.ws.faults(IMPLEMENTED) == ()
    assert found.rest.faults(IMPLEMENTED, url=URL, username="dojo-1") == ()
    assert registration.is_in_order(found)
    assert {(row.is_implemented, row.rest, row.ws, row.note) for row in registration.compare(found)} == {
        (True, True, True, "")
    }


def test_an_address_with_a_slash_and_a_user_who_is_not_told_are_no_faults() -> None:
    found = seen(rest=list(IMPLEMENTED), url=f"{URL}/")
    assert found.rest.faults(IMPLEMENTED, url=URL, username="dojo-1") == ()


def test_the_names_of_before_are_as_good_and_told() -> None:
    found = seen(ws=list(registration.former_names(IMPLEMENTED)))
    assert found.ws.faults(IMPLEMENTED) == ()
    assert note_of(found, "UpdateParty") == Row("UpdateParty", True, False, True, "WebSocket: by its former name")


def test_every_difference_is_a_sentence() -> None:
    found = seen(rest=["GetOrderById", "SearchMenus", "Pay"], version="v2", auth={"basic": {"username": "dojo-1"}})
    assert found.rest.faults(["GetOrderById", "ListAreas"], url=URL, username="dojo-2") == (
        "REST: not registered: ListAreas.",
        "REST: registered without having been asked for: Pay, SearchMenus.",
        "REST: not in version v1: GetOrderById, Pay, SearchMenus.",
        "REST: the user name is dojo-1 instead of dojo-2.",
    )
    elsewhere = seen(rest=["GetOrderById"], url="https://other.example.com")
    assert elsewhere.rest.faults(["GetOrderById"], url=URL, username="dojo-2") == (
        f"REST: the address is https://other.example.com instead of {URL}.",
    )
    assert note_of(found, "ListAreas").note == "REST: not registered"
    assert note_of(found, "SearchMenus") == Row(
        "SearchMenus", False, True, False, "a preview without a contract; REST: not in version v1"
    )
    assert note_of(found, "Pay").note.startswith("not implemented")


def test_nothing_registered_is_not_in_order_and_no_note_for_each() -> None:
    found = seen()
    assert not registration.is_in_order(found)
    assert found.on(Road.WEBSOCKET).faults(["ListAreas"]) == ("WebSocket: not registered: ListAreas.",)
    assert note_of(found, "ListAreas").note == ""
