"""Side effects asked for over the WebSocket happen once, however often Dojo sends the request again.

The domain's own keys come first; this is for what has none (a cancelled order, a party put anew). The request is
written down first thing in the service's transaction and its answer last, so that both are kept with what was done or
not at all. A copy that comes meanwhile waits for the unique constraint, and then finds the answer.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from datetime import timedelta
from typing import Any, TypeVar

import orjson
from django.db import connection
from django.utils import timezone

from dojo_integration.models import AnsweredRequest
from orders.services.payments import Refusal
from pos.permissions import Requester
from pos.service import accompanied_by

KEPT_FOR = timedelta(hours=24)
LONGEST_ID = 120

R = TypeVar("R")

_CLAIM = """
    INSERT INTO dojo_integration_answeredrequest (venue_id, rpc_id, method, params_hash, answer, at)
    VALUES (%s, %s, %s, %s, '', %s)
    ON CONFLICT ON CONSTRAINT answered_request_once DO NOTHING
    RETURNING id
"""


@dataclass(frozen=True, slots=True)
class RequestKey:
    """What makes a request the same request."""

    venue_id: int
    rpc_id: str
    method: str
    params_hash: str


class AnsweredBefore(Exception):
    """This very request was answered before; nothing is done again."""

    def __init__(self, answer: str) -> None:
        super().__init__(answer)
        self.answer = answer


def request_key(
    *, venue_id: int, rpc_id: bytes, method: str, params: Mapping[str, Any], requester: Requester
) -> RequestKey:
    """Recognise a request by its id (as JSON), its method, what it asks and for whom."""
    text = rpc_id.decode()
    # The four hints and no other header: one that traces a delivery is new each time.
    asked = orjson.dumps([params, astuple(requester)], option=orjson.OPT_SORT_KEYS)
    return RequestKey(
        venue_id=venue_id,
        rpc_id=text if len(text) <= LONGEST_ID else hashlib.sha256(rpc_id).hexdigest(),
        method=method,
        params_hash=hashlib.sha256(asked).hexdigest(),
    )


def once(key: RequestKey, run: Callable[[], R], render: Callable[[R], bytes]) -> bytes:
    """Do what a request asks and answer it; the same request again gets the first answer, and nothing is done.

    A refusal is not kept: nothing has happened, and what was in the way may be gone. Raises what ``run`` raises.
    """
    memory = _Memory(key, render)
    try:
        with accompanied_by(memory):
            result = run()
    except AnsweredBefore as before:
        return before.answer.encode()
    return render(result) if memory.answer is None else memory.answer


class _Memory:
    """Goes along with the service that does it."""

    def __init__(self, key: RequestKey, render: Callable[[Any], bytes]) -> None:
        self.key = key
        self.render = render
        self.answer: bytes | None = None
        self._row = 0

    def begin(self) -> None:
        key = self.key
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [key.venue_id, key.rpc_id, key.method, key.params_hash, timezone.now()])
            claimed = cursor.fetchone()
        if claimed is None:
            # Whoever had it has committed, or we would still wait or have it ourselves.
            raise AnsweredBefore(AnsweredRequest.objects.values_list("answer", flat=True).get(**_where(key)))
        self._row = claimed[0]

    def finish(self, result: Any) -> None:
        mine = AnsweredRequest.objects.filter(pk=self._row)
        if isinstance(result, Refusal):
            # Committed, because the refusal itself is kept, and still one.
            mine.delete()
            return
        # Rendered before the commit: what cannot be answered has not happened.
        self.answer = self.render(result)
        mine.update(answer=self.answer.decode())


def _where(key: RequestKey) -> dict[str, Any]:
    return {
        "venue_id": key.venue_id,
        "rpc_id": key.rpc_id,
        "method": key.method,
        "params_hash": key.params_hash,
    }
