"""manage.py echo_line: the floor of the WebSocket road, dojo_connect's own line with a handler that knows nothing."""

import asyncio
from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand
from websockets.exceptions import ConnectionClosed

from dojo_integration.accounts import DojoAccount
from dojo_integration.management.commands.dojo_connect import READERS_SHARE
from dojo_integration.ws_client import Exchange, Workers, dial


class _Echo(Workers):
    """Answers each request, in a thread like ours, with the params it came with."""

    async def read(self, body: bytes) -> Any:
        return body

    async def answer(self, frame: Any, venue_id: int) -> bytes | None:
        return await asyncio.get_running_loop().run_in_executor(self._readers, _echo, frame)


def _echo(body: bytes) -> bytes:
    request = orjson.loads(body)
    return orjson.dumps({**request, "result": request.pop("params")})


class Command(BaseCommand):
    help = "Dial DOJO_WS_URL and give back what comes."

    def handle(self, *args: Any, **options: Any) -> None:
        readers = max(1, settings.DOJO_THREADS // READERS_SHARE)
        asyncio.run(_run(_Echo(writers=1, readers=readers)))


async def _run(workers: Workers) -> None:
    account = DojoAccount(
        api_key=settings.DOJO_API_KEY,
        software_house_id=settings.DOJO_SOFTWARE_HOUSE_ID,
        reseller_id="",
        ws_url=settings.DOJO_WS_URL,
        api_url="",
    )
    async with dial(account) as connection:
        try:
            await Exchange(connection, workers, venue_id=0).run()
        except ConnectionClosed:
            return
