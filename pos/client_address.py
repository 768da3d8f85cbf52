"""Where a request comes from: the address that wrong passwords are counted by."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

# A household or a line is given a whole /64 of IPv6, and may take another address of it for every try.
IPV6_PREFIX = 64


def client_address(request: HttpRequest) -> str | None:
    """The client's address, an IPv6 one as its network; None where there is none, as on a socket.

    In production it is the last entry of X-Forwarded-For: the one that the proxy wrote, which stands behind whatever
    a client sent under that name. Without a proxy the header is anybody's, and the connection's own address counts.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    if not settings.PRODUCTION:
        return _network(peer)
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2]
    return _network(forwarded) or _network(peer)


def _network(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    shift = address.max_prefixlen - IPV6_PREFIX
    return str(ipaddress.IPv6Address(int(address) >> shift << shift))
