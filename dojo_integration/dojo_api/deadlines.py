"""Connections that keep a deadline: whatever the other end does, a call is over when its time is.

A socket's own timeout begins anew with every byte, and not at all while a name is looked up. Here the timeout that
urllib3 sets (what is left of the call's total) is counted once, over everything that follows: the look-up, every
address that is tried, the handshake, slow headers and a dripping body.
"""

import io
import queue
import socket
import threading
import time
from typing import Any, cast

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util import Timeout

Address = tuple[Any, ...]


class _Clocked:
    """A connected socket whose timeout is the sum of all that is waited for."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._until = time.monotonic() + (sock.gettimeout() or 0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def settimeout(self, seconds: float | None) -> None:
        self._until = time.monotonic() + (seconds or 0)
        self._sock.settimeout(seconds)

    def sendall(self, data: Any) -> None:
        self.hurry()
        self._sock.sendall(data)

    def hurry(self) -> None:
        """Wait no longer than there is time for. Raises TimeoutError."""
        self._sock.settimeout(_left(self._until))

    def makefile(self, mode: str, *_: Any, **__: Any) -> io.BufferedReader:
        return io.BufferedReader(_ClockedReader(self, self._sock.makefile("rb", buffering=0)))


class _ClockedReader(io.RawIOBase):
    def __init__(self, sock: _Clocked, raw: Any) -> None:
        self._sock = sock
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.hurry()
        return cast(int | None, self._raw.readinto(buffer))

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("out of time")
    return left


def _addresses(host: str, port: int, until: float) -> list[Address]:
    """Look the name up, in a thread because the system's resolver knows no deadline. Raises OSError, TimeoutError."""
    found: queue.SimpleQueue[list[Address] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found.put(list(socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)))
        except OSError as error:
            found.put(error)
        except UnicodeError:
            found.put(socket.gaierror(socket.EAI_NONAME, "not a host's name"))

    threading.Thread(target=look_up, name="dojo-look-up", daemon=True).start()
    try:
        answer = found.get(timeout=_left(until))
    except queue.Empty:
        raise TimeoutError("the name was not looked up in time") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _connect(host: str, port: int, timeout: float) -> socket.socket:
    """A connection to the first address that takes it. Raises OSError, TimeoutError."""
    until = time.monotonic() + timeout
    addresses = _addresses(host, port, until)
    error: OSError = OSError("no address")
    for number, (family, kind, protocol, _, address) in enumerate(addresses):
        sock = socket.socket(family, kind, protocol)
        try:
            # One that swallows everything leaves time for those behind it.
            sock.settimeout(_left(until) / (len(addresses) - number))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.connect(address)
            # A handshake that follows has what is left.
            sock.settimeout(_left(until))
            return sock
        except OSError as failed:
            sock.close()
            error = failed
    raise error


class _Dialling:
    """How both kinds of connection get their socket."""

    sock: Any

    def _new_conn(self: Any) -> socket.socket:
        try:
            return _connect(self._dns_host, self.port, self.timeout or 0)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "no connection in time") from error
        except OSError as error:
            raise NewConnectionError(self, "no connection") from error

    def connect(self: Any) -> None:
        try:
            super().connect()  # type: ignore[misc]
        except OSError as error:
            # The handshake: whatever becomes of it, not a byte of a request has left.
            raise NewConnectionError(self, "no secure connection") from error
        self.sock = _Clocked(self.sock)


class _Connection(_Dialling, HTTPConnection):
    pass


class _SecureConnection(_Dialling, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class DeadlineAdapter(HTTPAdapter):
    """For a requests session: its ``timeout`` in seconds is then the whole exchange's."""

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        kwargs["timeout"] = Timeout(total=kwargs["timeout"])
        return super().send(request, *args, **kwargs)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
