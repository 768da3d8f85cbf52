"""The socket of the Integration page."""

from pos.consumers import ScreenConsumer
from pos.live import integration_group
from pos.models import Membership
from pos.permissions import Act, Actor, may


class IntegrationConsumer(ScreenConsumer):
    """For those who may see the page."""

    def groups_of(self, venue_id: int, path: dict[str, str]) -> list[str]:
        member = Membership.objects.select_related("venue", "staff").filter(
            venue=venue_id, staff=self.scope["user"].pk, is_active=True
        )
        person = member.first()
        may_see = person is not None and may(Actor.staff(person), Act.INTEGRATION)
        return [integration_group(venue_id)] if may_see else []
