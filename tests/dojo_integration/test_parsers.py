"""What gets past the guard, and what does not: with the name of the place, and without a 500."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dojo_integration.parsers import BIGGEST, MAX_BYTES, MAX_DEPTH, SMALLEST, parse_object
from pos.errors import InvalidRequest


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{}", {}),
        (b' \n{"a": 1} ', {"a": 1}),
        ('{"name": "Zoë’s 🍷"}'.encode(), {"name": "Zoë’s 🍷"}),
        (rb'{"wine": "\ud83c\udf77"}', {"wine": "🍷"}),
        (rb'{"text": "not \\u0000"}', {"text": r"not \u0000"}),
        (f'{{"a": {BIGGEST}, "b": {SMALLEST}}}'.encode(), {"a": BIGGEST, "b": SMALLEST}),
        (b'{"a": 1.5, "b": [true, null]}', {"a": 1.5, "b": [True, None]}),
        (b'{"brackets": "' + b"[{" * 200 + b'"}', {"brackets": "[{" * 200}),
    ],
)
def test_takes_json(body: bytes, expected: object) -> None:
    assert parse_object(body) == expected


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        (b"", "", "empty"),
        (b"  \n", "", "empty"),
        (b"[]", "", "not a JSON object"),
        (b'"text"', "", "not a JSON object"),
        (b"null", "", "not a JSON object"),
        (b"{", "", "not JSON"),
        (b'{"a": 1,}', "", "not JSON"),
        (b"{'a': 1}", "", "not JSON"),
        (b'{"a": 1} {"b": 2}', "", "not JSON"),
        (b'{"a": "\n"}', "", "not JSON"),
        (b'\xef\xbb\xbf{"a": 1}', "", "byte order mark"),
        ('{"a": 1}'.encode("utf-16"), "", "not UTF-8"),
        (b'{"a": "\xff"}', "", "not UTF-8"),
        (b'{"a": "\xed\xa0\x80"}', "", "not UTF-8"),
        (b'{"a": 1, "a": 1}', "a", "twice"),
        (b'{"items": [{"plu": 1}, {"plu": 1, "plu": 2}]}', "items[1].plu", "twice"),
        (b'{"amount": {"value": 9223372036854775808}}', "amount.value", "too large"),
        (b'{"value": -9223372036854775809}', "value", "too large"),
        (b'{"value": ' + b"9" * 5000 + b"}", "value", "too large"),
        (b'{"value": 1e400}', "value", "too large"),
        (b'{"value": NaN}', "value", "NaN"),
        (b'{"value": [-Infinity]}', "value[0]", "-Infinity"),
        (rb'{"note": "a\u0000b"}', "note", "NUL"),
        (rb'{"a": {"b\u0000": 1}}', "a", "NUL"),
        (rb'{"note": "\ud800"}', "note", "surrogate"),
        (rb'{"names": ["fine", "\udc00 first"]}', "names[1]", "surrogate"),
    ],
)
def test_refuses_by_name(body: bytes, field: str, words: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_object(body)
    assert refused.value.field == field
    assert words in refused.value.message


@pytest.mark.parametrize("bomb", [b"[" * 100_000, b'{"a":' * 5_000, b'{"a":' * MAX_DEPTH + b"[]" + b"}" * MAX_DEPTH])
def test_refuses_nesting_bombs_before_parsing(bomb: bytes) -> None:
    with pytest.raises(InvalidRequest, match="nested deeper"):
        parse_object(bomb)


def test_takes_what_is_as_deep_as_allowed() -> None:
    body = b'{"a":' * (MAX_DEPTH - 1) + b"[]" + b"}" * (MAX_DEPTH - 1)
    assert isinstance(parse_object(body + b" " * 10), dict)


def test_refuses_more_than_a_mebibyte() -> None:
    fits = b'{"note": "' + b"x" * (MAX_BYTES - 12) + b'"}'
    assert len(fits) == MAX_BYTES
    assert len(parse_object(fits)["note"]) == MAX_BYTES - 12
    with pytest.raises(InvalidRequest, match="larger"):
        parse_object(fits + b" ")


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(SMALLEST, BIGGEST)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc"), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text("xyz"), values, max_size=5), st.booleans())
def test_reads_back_whatever_a_client_writes(data: dict[str, object], ascii_only: bool) -> None:
    assert parse_object(json.dumps(data, ensure_ascii=ascii_only).encode()) == data


@given(st.binary(max_size=200) | st.text('{}[]":,\\u0d8tfn19.e-', max_size=60).map(str.encode))
def test_anything_else_is_an_invalid_request_and_never_another_error(body: bytes) -> None:
    with contextlib.suppress(InvalidRequest):
        assert isinstance(parse_object(body), dict)
