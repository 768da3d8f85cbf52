"""Addresses of our own, as others have to write them."""

import pytest

from pos import addresses


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (" https://pos.example.com/ ", "https://pos.example.com"),
        ("https://example.com:8443/blue/", "https://example.com:8443/blue"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
        ("http://localhost", "http://localhost"),
    ],
)
def test_where_others_find_us(given: str, expected: str) -> None:
    assert addresses.public(given) == expected


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("http://pos.example.com", "must begin with https://, unless it is this machine"),
        ("http://192.168.0.7:8000", "must begin with https://, unless it is this machine"),
        ("https://pos.example.com/v1/", "must be without /v1 at its end: Dojo adds that itself"),
        ("https://pos.example.com/?a=b", "must be without ?, # and a password"),
        ("https://pos.example.com/#a", "must be without ?, # and a password"),
        ("https://a:b@pos.example.com", "must be without ?, # and a password"),
        ("pos.example.com", "must be an address such as https://pos.example.com"),
        ("ftp://pos.example.com", "must be an address such as https://pos.example.com"),
        ("https://", "must be an address such as https://pos.example.com"),
        ("https://pos example.com", "must be an address such as https://pos.example.com"),
        ("https://pos.example.com:port", "must be an address such as https://pos.example.com"),
        ("https://[pos", "must be an address such as https://pos.example.com"),
    ],
)
def test_an_address_that_nobody_outside_can_use_is_refused(given: str, said: str) -> None:
    with pytest.raises(ValueError, match="must be") as refused:
        addresses.public(given)
    assert str(refused.value) == said
