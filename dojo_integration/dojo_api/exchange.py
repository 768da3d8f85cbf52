"""One request, one answer, within the time that is left: HTTP and nothing of what it means."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.exceptions import InvalidHeader
from urllib3.exceptions import ConnectTimeoutError, HTTPError

from dojo_integration.dojo_api.deadlines import DeadlineAdapter

MAX_BYTES = 4 * 1024 * 1024
_CHUNK = 64 * 1024


class NoAnswer(Exception):
    """Nothing usable came back; ``was_sent`` is False when not a byte of the request left."""

    def __init__(self, *, was_sent: bool) -> None:
        super().__init__(was_sent)
        self.was_sent = was_sent


class Unsendable(Exception):
    """The account's own words cannot stand in a header."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    # When its headers were here, and how many seconds after the request was begun.
    heard_at: datetime
    waited: float


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: requests would read a redirect's whole body, and turn a POST into a GET."""


class Exchange:
    """Keeps connections open between calls; for one thread."""

    def __init__(self) -> None:
        self._session = _Session()
        # A .netrc would replace the key, and a proxy of the environment would read along.
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, DeadlineAdapter())

    def close(self) -> None:
        self._session.close()

    def do(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, Any],
        body: bytes | None,
        seconds: float,
    ) -> Answer:
        """Raises NoAnswer, Unsendable."""
        began = time.monotonic()
        try:
            response = self._session.request(
                method,
                url,
                headers=dict(headers),
                params=query,
                data=body,
                timeout=seconds,
                allow_redirects=False,
                stream=True,
            )
        except (InvalidHeader, UnicodeError) as error:
            raise Unsendable from error
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise NoAnswer(was_sent=not _never_left(error)) from error
        heard_at, waited = datetime.now(UTC), time.monotonic() - began
        with response:
            return Answer(response.status_code, response.headers, _body_of(response), heard_at, waited)


def _body_of(response: requests.Response) -> bytes:
    """All of it, if it is not too much. Raises NoAnswer."""
    chunks: list[bytes] = []
    size = 0
    try:
        while chunk := response.raw.read(_CHUNK, decode_content=False):
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_BYTES:
                raise NoAnswer(was_sent=True)
    except (HTTPError, OSError, ValueError) as error:
        raise NoAnswer(was_sent=True) from error
    return b"".join(chunks)


def _never_left(error: Exception) -> bool:
    """No connection, or no address that one could be made to."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, ConnectTimeoutError) or isinstance(error, ValueError)
