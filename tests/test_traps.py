"""The map of traps: where Dojo's documents contradict each other, what we chose, and which tests hold us to it.

Each row of the table of traps (``../shared/reference/dojo-facts.md``, section 12) is known here by a piece of its first
column. A row is covered by tests, or waits by name for a part of the product that is not there yet.
"""

import ast
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FACTS = ROOT.parent / "shared/reference/dojo-facts.md"

_BOOKINGS = "tests/orders/test_dojo_bookings.py"
_CREATE = "tests/capabilities/test_create_order.py"
_DOCUMENTS = "tests/dojo_integration/test_documents.py"
_INBOX = "tests/dojo_integration/test_inbox.py"
_REGISTER = "tests/dojo_integration/test_register_capabilities.py"
_REST = "tests/dojo_integration/test_rest.py"
_RPC = "tests/dojo_integration/test_rpc.py"
_API = "tests/dojo_integration/test_dojo_api.py"
_API_WIRE = "tests/dojo_integration/test_dojo_api_on_the_wire.py"
_RESULTS = "tests/dojo_integration/test_dojo_api_results.py"
_SEARCH = "tests/capabilities/test_search_orders.py"
_TABLE = "tests/capabilities/test_pay_at_table.py"
_TRUTH = "tests/orders/test_payment_truth_table.py"
_WIRE = "tests/capabilities/test_traps.py"

TRAPS: dict[str, tuple[str, ...]] = {
    "REST SearchTables 200 is an ARRAY": (f"{_REST}::test_tables_are_searched_at_both_paths_in_an_array",),
    "Docs badges: SearchOrders": (
        f"{_REST}::test_posting_orders_without_any_part_of_one_is_a_search",
        f"{_REST}::test_posting_an_order_that_lacks_a_part_is_no_search",
        f"{_REST}::test_tables_are_searched_at_both_paths_in_an_array",
    ),
    "WS responses require `method`": (
        f"{_RPC}::test_an_answer_carries_the_id_the_method_and_the_result_alone",
        f"{_RPC}::test_a_refusal_of_the_domain_says_what_and_changes_nothing",
    ),
    "WS error is EPOSError": (f"{_RPC}::test_a_refusal_of_the_domain_says_what_and_changes_nothing",),
    "Error enum has no auth/busy codes": (
        f"{_REST}::test_strangers_are_refused",
        f"{_REST}::test_busy_is_unexpected_and_worth_another_try",
        f"{_REST}::test_the_unexpected_is_told_without_our_insides",
        f"{_RPC}::test_busy_is_unexpected_and_worth_another_try",
    ),
    "POST /v1/events absent": (f"{_WIRE}::test_events_are_answered_although_the_rest_contract_leaves_them_out",),
    "Party/reservation DELETE 200": (f"{_WIRE}::test_what_succeeds_without_a_word_answers_exactly_nothing",),
    "Extend described as returning Order": (
        f"{_WIRE}::test_what_succeeds_without_a_word_answers_exactly_nothing",
        f"{_TABLE}::test_lock_extend_pay_unlock",
    ),
    "REST lock/extend bodies": (f"{_REST}::test_the_path_wins_over_the_body",),
    "UpdateParty/Reservation WS uses `id`": (
        f"{_WIRE}::test_an_update_says_id_over_the_websocket_and_its_long_name_in_the_path_which_wins",
    ),
    "[A] CapabilityName and [R]/[W]": (
        f"{_WIRE}::test_the_former_names_of_the_bookings_are_the_same_capabilities",
        "tests/dojo_integration/test_capabilities.py::test_former_names",
        f"{_REGISTER}::test_a_dojo_that_knows_only_the_names_of_before_is_told_those",
    ),
    "PAT minimum: older copies": (
        "tests/dojo_integration/test_capabilities.py::test_what_we_implement",
        "tests/dojo_integration/test_registration.py::test_all_that_we_implement_and_no_preview_is_wanted",
        f"{_REGISTER}::test_both_roads_are_registered_in_full_and_read_back",
    ),
    "Intent may still be Authorized when recorded": (
        f"{_WIRE}::test_a_payment_is_recorded_while_its_intent_is_only_authorized",
        f"{_TRUTH}::test_authorized_on_dojos_own_intent_is_recorded_and_looked_at_again",
        f"{_TRUTH}::test_authorized_then_captured_is_one_payment",
        f"{_INBOX}::test_a_lost_event_heals",
    ),
    "Details anyOf dineIn/collection": (
        f"{_CREATE}::test_details_may_be_the_type_alone",
        f"{_DOCUMENTS}::test_a_collection_and_a_preorder_say_when",
    ),
    "CollectionDetails.collectAt": (
        f"{_WIRE}::test_a_collection_time_is_read_by_either_name_the_contracts_first",
        f"{_CREATE}::test_the_samples_spellings_are_read_and_the_contracts_written",
    ),
    "Discount {name, amountTotal}": (f"{_CREATE}::test_the_samples_spellings_are_read_and_the_contracts_written",),
    "Samples: modifier amountPerItem": (
        f"{_CREATE}::test_the_samples_spellings_are_read_and_the_contracts_written",
        f"{_WIRE}::test_an_orders_status_in_a_request_is_none_of_the_contracts_and_is_let_be",
        f"{_WIRE}::test_a_bill_is_written_in_the_schemas_words_not_in_the_samples",
    ),
    "BillURL showQr/showUrl": (f"{_TABLE}::test_a_bill_as_it_is_printed",),
    "Bill text `bold`": (f"{_WIRE}::test_a_bill_is_written_in_the_schemas_words_not_in_the_samples",),
    "`minLength:1` on arrays is inert": (
        f"{_WIRE}::test_a_reservation_may_have_no_table_yet_and_a_party_may_not",
        f"{_BOOKINGS}::test_a_party_that_makes_no_sense_is_refused_by_field",
    ),
    "REST Payment requires paymentIntentId": (
        f"{_WIRE}::test_cash_has_a_payment_intent_id_of_our_own",
        f"{_CREATE}::test_the_samples_spellings_are_read_and_the_contracts_written",
        f"{_DOCUMENTS}::test_payments_are_net_and_sum_to_what_is_paid",
    ),
    "WS Order lacks required id": (
        f"{_WIRE}::test_a_page_always_has_its_rows_also_when_there_are_none",
        f"{_WIRE}::test_nothing_is_null_and_no_row_lacks_its_id",
    ),
    "Customer, TaxLine additionalProperties": (
        f"{_WIRE}::test_money_tax_lines_and_customers_hold_what_their_schemas_know_and_no_more",
        f"{_WIRE}::test_nothing_is_null_and_no_row_lacks_its_id",
        f"{_DOCUMENTS}::test_nothing_is_null",
    ),
    "CreateParty.status optional": (f"{_WIRE}::test_a_party_without_a_status_is_seated",),
    "UpdateParty lacks reservationId": (
        f"{_WIRE}::test_an_update_that_cannot_carry_the_reservation_preserves_it",
        f"{_BOOKINGS}::test_what_an_update_leaves_out_is_cleared_save_for_the_booking",
    ),
    "REST paidAmount text": (
        f"{_WIRE}::test_the_paid_amount_of_an_order_is_the_sum_of_its_payments_without_tips",
        f"{_DOCUMENTS}::test_payments_are_net_and_sum_to_what_is_paid",
    ),
    "Naming rule lists id twice": (
        f"{_WIRE}::test_every_open_order_has_a_name_of_its_own_that_a_card_machine_can_show",
        "tests/orders/test_naming.py::test_a_suffix_always_fits",
        "tests/orders/test_naming.py::test_a_name_that_dojo_sends_is_the_base_and_not_sacred",
        "tests/test_constraints.py::test_the_database_refuses_what_must_never_be",
    ),
    "Waiter id: header": (
        f"{_WIRE}::test_a_waiter_is_read_from_the_header_for_the_record_and_from_the_filter_for_the_search",
        f"{_CREATE}::test_the_waiter_is_who_the_order_names_else_who_stood_at_the_machine",
        f"{_SEARCH}::test_a_value_nobody_knows_matches_nothing",
        f"{_RPC}::test_the_headers_say_who_stands_at_the_machine",
    ),
    "Record without lockId": (
        f"{_WIRE}::test_a_payment_needs_no_lock_id_although_the_order_is_locked",
        f"{_TRUTH}::test_the_leases_own_id_and_no_id_at_all_are_taken",
    ),
    "externalId:": (
        f"{_TRUTH}::test_event_finds_the_order_by_each_of_its_names",
        f"{_TRUTH}::test_our_id_goes_before_dojos_and_the_intents_own_order_before_both",
        f"{_TRUTH}::test_a_reference_names_an_order_where_nothing_better_does",
        "tests/dojo_integration/test_reconciling.py::test_names_that_can_be_an_orders",
    ),
    "completedOnly, fromTime/toTime": (
        "tests/capabilities/test_search_bookings.py::test_parties_who_are_here_or_only_those_who_have_left",
        "tests/capabilities/test_search_bookings.py::test_times_find_the_reservations_that_overlap_them",
    ),
    "Dojo.Net.EPOS and Tables API": (
        f"{_RPC}::test_a_refusal_of_the_domain_says_what_and_changes_nothing",
        f"{_API}::test_who_asks_stands_in_the_headers",
    ),
    "Terminal receipt: schema": (f"{_RESULTS}::test_the_guests_receipt_is_read_by_either_name",),
    "Intent examples carry paymentSource": (
        f"{_RESULTS}::test_what_the_examples_have_and_the_schema_does_not_is_let_be",
        f"{_RESULTS}::test_a_cards_expiry_is_read_in_every_form",
        f"{_RESULTS}::test_a_body_in_other_capitals_is_read_too",
        f"{_API}::test_a_refusal_says_what_is_wrong_where",
    ),
    "captures/refunds amounts int": (f"{_RESULTS}::test_amounts_are_read_as_numbers_and_as_money",),
    "Tester GET /flows": (
        f"{_RESULTS}::test_the_testers_flows_are_one_or_a_list",
        f"{_RESULTS}::test_who_may_call_us_is_read_by_either_name",
    ),
    "IdempotencyKey said by": (
        f"{_API}::test_keys_of_idempotency_go_along_wherever_money_moves",
        f"{_API}::test_what_is_repeated_is_named_one_by_one",
        f"{_API_WIRE}::test_a_write_whose_answer_is_lost_is_done_once",
        f"{_API_WIRE}::test_a_refund_is_asked_for_again_by_the_same_key",
    ),
    "WS page calls eu.ws.dojo.tech": (
        f"{_API}::test_a_seller_that_there_is_none_of_is_not_named",
        f"{_API}::test_where_the_seller_is_named_can_be_said",
    ),
    'Docs: "one webhook per event"': (
        "tests/dojo_integration/test_register_webhook.py::test_a_webhook_is_made_once_with_a_secret_that_is_known_here",
        "tests/dojo_integration/test_register_webhook.py::test_events_that_are_missing_are_added",
    ),
}


@dataclass(frozen=True, slots=True)
class Part:
    """Something still to be built, and the module by which it is known to be there."""

    name: str
    module: str


_TERMINALS = Part("card machines at the till", "dojo_integration.terminals")

# Rows, or the rest of a row, that can only be tested once a part is there. When it is, its row has to move up.
WAITING: dict[str, Part] = {
    "Bill text `bold`": _TERMINALS,
    "Terminal receipt: schema": _TERMINALS,
    "Matched-refund diagram": _TERMINALS,
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
    assert find_spec(part.module) is None, f"{part.name} is there: name the tests that cover “{trap}”"


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
