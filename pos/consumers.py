"""The socket behind a screen: it says that something changed, never what to show; the page then asks."""

from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from pos.models import Membership

NOT_FOUND = 4404


class ScreenConsumer(AsyncJsonWebsocketConsumer):
    """Checks that this person works in this venue, then joins the groups that the screen lives on."""

    async def connect(self) -> None:
        self.groups = await database_sync_to_async(self._groups)()
        await self.accept()
        if not self.groups:
            # Closed after accepting, so that the page reads the code and stops asking.
            await self.close(code=NOT_FOUND)
            return
        for group in self.groups:
            await self.channel_layer.group_add(group, self.channel_name)
        # Of what happened before the groups were joined the page has not heard.
        await self.send_json({"type": "hello"})

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        # Tills ask every few seconds whether the line is alive: Wi-Fi dies without saying so.
        await self.send_json({"type": "alive"})

    async def changed(self, message: dict[str, Any]) -> None:
        await self.send_json({"type": "changed", "what": message["what"]})

    def _groups(self) -> list[str]:
        path = self.scope["url_route"]["kwargs"]
        member = Membership.objects.filter(
            venue__slug=path["venue"], staff_id=self.scope["user"].pk, is_active=True, staff__is_active=True
        )
        venue_id = member.values_list("venue_id", flat=True).first()
        return self.groups_of(venue_id, path) if venue_id is not None else []

    def groups_of(self, venue_id: int, path: dict[str, str]) -> list[str]:
        """The groups of this screen; none where the path names nothing of this venue."""
        raise NotImplementedError
