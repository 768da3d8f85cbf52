"""Addresses of our own parts, as somebody on this machine would type them."""

_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def local(host: str) -> str:
    """Where to find on this machine what listens on that host."""
    return _ANY.get(host, host)


def joined(host: str, port: int) -> str:
    """Host and port as a URL has them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
