"""The map of traps: where Dojo's documents contradict each other, what we chose, and which tests hold us to it.

Each row of the table of traps (``../shared/reference/dojo-facts.md``, section 12) is known here by a piece of its first
column. A row is covered by tests, or waits by name for a part of the product that is not there yet.
"""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FACTS = ROOT.parent / "shared/reference/dojo-facts.md"

_BILL = "tests/capabilities/test_pay_at_table.py"
_CREATE = "tests/capabilities/test_create_order.py"
_DOCUMENTS = "tests/dojo_integration/test_documents.py"
_REST = "tests/dojo_integration/test_rest.py"
_SEARCH = "tests/capabilities/test_search_orders.py"
_TRUTH = "tests/orders/test_payment_truth_table.py"
_CONTRACT = "tests/capabilities/test_contract.py::test_answers_and_refuses_as_the_contract_says"

TRAPS: dict[str, tuple[str, ...]] = {
    "REST SearchTables 200 is an ARRAY": (f"{_REST}::test_tables_are_searched_at_both_paths_in_an_array",),
    "Docs badges: SearchOrders": (
        f"{_REST}::test_posting_orders_without_any_part_of_one_is_a_search",
        f"{_REST}::test_posting_an_order_that_lacks_a_part_is_no_search",
        f"{_REST}::test_tables_are_searched_at_both_paths_in_an_array",
    ),
    "Error enum has no auth/busy codes": (
        f"{_REST}::test_strangers_are_refused",
        f"{_REST}::test_busy_is_unexpected_and_worth_another_try",
        f"{_REST}::test_the_unexpected_is_told_without_our_insides",
    ),
    "Extend described as returning Order": (f"{_BILL}::test_lock_extend_pay_unlock",),
    "REST lock/extend bodies": (f"{_REST}::test_the_path_wins_over_the_body",),
    "PAT minimum: older copies": ("tests/dojo_integration/test_capabilities.py::test_what_we_implement",),
    "Intent may still be Authorized when recorded": (
        f"{_TRUTH}::test_unknown_intent_that_fits_is_recorded",
        f"{_TRUTH}::test_authorized_on_dojos_own_intent_is_recorded_and_looked_at_again",
        f"{_TRUTH}::test_authorized_then_captured_is_one_payment",
    ),
    "Details anyOf dineIn/collection": (
        f"{_CREATE}::test_details_may_be_the_type_alone",
        f"{_DOCUMENTS}::test_a_collection_and_a_preorder_say_when",
    ),
    "CollectionDetails.collectAt": (f"{_CREATE}::test_the_samples_spellings_are_read_and_the_contracts_written",),
    "Discount {name, amountTotal}": (f"{_CREATE}::test_the_samples_spellings_are_read_and_the_contracts_written",),
    "Samples: modifier amountPerItem": (
        f"{_CREATE}::test_the_samples_spellings_are_read_and_the_contracts_written",
        f"{_BILL}::test_a_bill_as_it_is_printed",
        _CONTRACT,
    ),
    "BillURL showQr/showUrl": (f"{_BILL}::test_a_bill_as_it_is_printed",),
    "Bill text `bold`": (f"{_BILL}::test_a_bill_in_the_contracts_words_and_no_others",),
    "`minLength:1` on arrays is inert": (
        "tests/orders/test_dojo_bookings.py::test_a_party_that_makes_no_sense_is_refused_by_field",
        "tests/orders/test_dojo_bookings.py::test_an_update_replaces_all_but_what_dojo_cannot_say",
    ),
    "REST Payment requires paymentIntentId": (
        f"{_CREATE}::test_the_samples_spellings_are_read_and_the_contracts_written",
        f"{_DOCUMENTS}::test_payments_are_net_and_sum_to_what_is_paid",
    ),
    "WS Order lacks required id": (
        f"{_DOCUMENTS}::test_a_bill_in_full",
        f"{_SEARCH}::test_a_value_nobody_knows_matches_nothing",
    ),
    "Customer, TaxLine additionalProperties": (
        f"{_DOCUMENTS}::test_customer_has_what_is_known_and_nothing_else",
        f"{_DOCUMENTS}::test_nothing_is_null",
        f"{_DOCUMENTS}::test_a_bill_in_full",
    ),
    "CreateParty.status optional": (
        "tests/orders/test_dojo_bookings.py::test_a_party_arrives_with_all_that_dojo_says",
        "tests/test_constraints.py::test_the_database_refuses_what_must_never_be",
    ),
    "UpdateParty lacks reservationId": (
        "tests/orders/test_dojo_bookings.py::test_what_an_update_leaves_out_is_cleared_save_for_the_booking",
    ),
    "REST paidAmount text": (
        f"{_BILL}::test_two_guests_split_a_bill",
        f"{_DOCUMENTS}::test_payments_are_net_and_sum_to_what_is_paid",
    ),
    "Naming rule lists id twice": (
        "tests/orders/test_naming.py::test_a_suffix_always_fits",
        "tests/orders/test_naming.py::test_a_name_that_dojo_sends_is_the_base_and_not_sacred",
        "tests/test_constraints.py::test_the_database_refuses_what_must_never_be",
    ),
    "Waiter id: header": (
        f"{_SEARCH}::test_filters_combine",
        f"{_SEARCH}::test_a_value_nobody_knows_matches_nothing",
        f"{_SEARCH}::test_the_requesters_waiter_restricts_only_where_the_venue_says_so",
        f"{_CREATE}::test_the_waiter_is_who_the_order_names_else_who_stood_at_the_machine",
    ),
    "Record without lockId": (f"{_TRUTH}::test_the_leases_own_id_and_no_id_at_all_are_taken",),
    "externalId:": (
        f"{_TRUTH}::test_event_finds_the_order_by_each_of_its_names",
        f"{_TRUTH}::test_our_id_goes_before_dojos_and_the_intents_own_order_before_both",
    ),
    "completedOnly, fromTime/toTime": (
        "tests/bookings/test_selectors.py::test_parties_are_found_newest_first_and_those_who_left_only_when_asked_for",
        "tests/bookings/test_selectors.py::test_times_select_the_bookings_that_overlap_them",
    ),
}


@dataclass(frozen=True, slots=True)
class Part:
    """Something still to be built, and the file by which it is known to be there."""

    name: str
    file: str


_SOCKET = Part("the WebSocket road", "dojo_integration/rpc.py")
_BOOKINGS = Part("bookings and events on the wire", "dojo_integration/wire/bookings.py")
_CLIENT = Part("the client of Dojo's API", "dojo_integration/api_client.py")
_REGISTRATION = Part("registration", "dojo_integration/management/commands/register_capabilities.py")
_WEBHOOK = Part("the webhook", "dojo_integration/management/commands/register_webhook.py")
_TESTER = Part("the EPOS tester", "dojo_integration/management/commands/epos_tester.py")
_TERMINALS = Part("card machines at the till", "dojo_integration/terminals")

# Rows, or the rest of a row, that can only be tested once a part is there. When it is, its row has to move up.
WAITING: dict[str, Part] = {
    "WS responses require `method`": _SOCKET,
    "WS error is EPOSError": _SOCKET,
    "POST /v1/events absent": _BOOKINGS,
    "Party/reservation DELETE 200": _BOOKINGS,
    "UpdateParty/Reservation WS uses `id`": _BOOKINGS,
    "[A] CapabilityName and [R]/[W]": _REGISTRATION,
    "PAT minimum: older copies": _REGISTRATION,
    "Bill text `bold`": _TERMINALS,
    "Terminal receipt: schema": _TERMINALS,
    "Intent examples carry paymentSource": _CLIENT,
    "captures/refunds amounts int": _CLIENT,
    'Docs: "one webhook per event"': _WEBHOOK,
    "Matched-refund diagram": _TERMINALS,
    "Tester GET /flows": _TESTER,
    "IdempotencyKey said by": _CLIENT,
    "WS page calls eu.ws.dojo.tech": _CLIENT,
    "Dojo.Net.EPOS and Tables API": _CLIENT,
}


def rows(facts: str) -> list[str]:
    """The first column of every row of the table of traps."""
    table = facts.partition("## 12. Traps")[2]
    lines = [line for line in table.splitlines() if line.startswith("|")]
    # A heading and the rule below it come first; a cell may hold a bar, but then it is escaped.
    return [line.strip("|").split(" | ")[0].strip() for line in lines[2:]]


@cache
def names_in(file: str) -> frozenset[str]:
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    return frozenset(node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef))


def is_there(node_id: str) -> bool:
    file, _, name = node_id.partition("::")
    return name.startswith("test_") and name in names_in(file)


@pytest.mark.parametrize("trap", TRAPS)
def test_every_test_that_covers_a_trap_exists(trap: str) -> None:
    assert TRAPS[trap]
    assert [node_id for node_id in TRAPS[trap] if not is_there(node_id)] == []


@pytest.mark.parametrize("trap", WAITING)
def test_no_trap_waits_for_a_part_that_is_there(trap: str) -> None:
    part = WAITING[trap]
    assert not (ROOT / part.file).exists(), f"{part.name} is there: name the tests that cover “{trap}”"


def test_every_row_of_the_facts_is_known_here_once() -> None:
    if not FACTS.is_file():
        pytest.skip(f"no {FACTS}")
    # given
    found = rows(FACTS.read_text())
    known = {**dict.fromkeys(TRAPS), **dict.fromkeys(WAITING)}
    # then
    assert len(found) >= 40
    assert {
        row: [trap for trap in known if trap in row] for row in found if sum(trap in row for trap in known) != 1
    } == {}
    assert [trap for trap in known if sum(trap in row for row in found) != 1] == []


# A map is only worth something when it shows what is missing.


def test_a_test_that_is_gone_and_a_row_that_is_new_are_seen() -> None:
    assert is_there("tests/test_traps.py::test_every_row_of_the_facts_is_known_here_once")
    assert not is_there("tests/test_traps.py::test_that_never_was")
    assert not is_there("tests/test_nowhere.py::test_every_row_of_the_facts_is_known_here_once")
    assert not is_there("tests/test_traps.py::is_there")
    text = (
        "## 11\n| no | row |\n## 12. Traps\n\n| Inconsistency | Do |\n|---|---|\n| one | do |\n| two `a|b` | don't |\n"
    )
    assert rows(text) == ["one", "two `a|b`"]
