"""Addresses of our own: as somebody on this machine would type them, and as the world outside finds us."""

import ipaddress
from urllib.parse import urlsplit

_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def local(host: str) -> str:
    """Where to find on this machine what listens on that host."""
    return _ANY.get(host, host)


def joined(host: str, port: int) -> str:
    """Host and port as a URL has them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def public(url: str) -> str:
    """The address under which others find us, without a slash at its end. Raises ValueError, saying what is wrong."""
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("must be an address such as https://pos.example.com") from None
    if parts.scheme not in ("http", "https") or not host or any(letter.isspace() for letter in url.strip()):
        raise ValueError("must be an address such as https://pos.example.com")
    if parts.scheme == "http" and not _is_this_machine(host):
        raise ValueError("must begin with https://, unless it is this machine")
    if "?" in url or "#" in url or "@" in parts.netloc:
        raise ValueError("must be without ?, # and a password")
    path = parts.path.rstrip("/")
    if path.endswith("/v1"):
        raise ValueError("must be without /v1 at its end: Dojo adds that itself")
    return f"{parts.scheme}://{parts.netloc}{path}"


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
