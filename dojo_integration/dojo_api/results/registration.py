"""What is registered with Dojo: the roads to us, and webhooks with their secrets."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from dojo_integration.dojo_api.reading import Body, flag, moment, needed, part, parts, text, texts


@dataclass(frozen=True, slots=True)
class Registered:
    """A capability that Dojo has noted down."""

    name: str
    version: str
    updated_at: datetime | None

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(name=text(body, "name"), version=text(body, "version"), updated_at=moment(body, "updatedAt"))


@dataclass(frozen=True, slots=True)
class Integration:
    """A road to us that is registered with Dojo; ``url`` and ``username`` are REST's."""

    capabilities: tuple[Registered, ...]
    created_at: datetime | None
    url: str
    username: str

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(
            capabilities=tuple(Registered.read(one) for one in parts(body, "capabilities")),
            created_at=moment(body, "createdAt"),
            url=text(body, "url"),
            username=text(part(part(body, "auth", "restAuth"), "basic"), "username"),
        )

    @property
    def names(self) -> frozenset[str]:
        return frozenset(capability.name for capability in self.capabilities)


@dataclass(frozen=True, slots=True)
class Integrations:
    rest: tuple[Integration, ...]
    ws: tuple[Integration, ...]
    managed: tuple[Integration, ...]

    @classmethod
    def read(cls, body: Body) -> Self:
        def integrations(name: str) -> tuple[Integration, ...]:
            return tuple(Integration.read(one) for one in parts(body, name))

        return cls(
            rest=integrations("restIntegrations"),
            ws=integrations("wsIntegrations"),
            managed=integrations("dojoManagedIntegrations"),
        )


@dataclass(frozen=True, slots=True)
class WebhookEvents:
    """The events of one kind of thing that a webhook can be told of."""

    model: str
    events: tuple[str, ...]

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(model=text(body, "model"), events=texts(body, "events"))


@dataclass(frozen=True, slots=True)
class Secret:
    """What a webhook is signed with."""

    id: str
    value: str = field(repr=False)
    is_active: bool
    created_at: datetime | None

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(
            id=needed(body, "id"),
            value=text(body, "value"),
            is_active=flag(body, "isActive"),
            created_at=moment(body, "createdAt"),
        )


@dataclass(frozen=True, slots=True)
class Subscription:
    """A webhook of ours."""

    id: str
    url: str
    description: str
    events: tuple[str, ...]
    secrets: tuple[Secret, ...]

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(
            id=needed(body, "id"),
            url=text(body, "url"),
            description=text(body, "description"),
            events=texts(body, "events"),
            secrets=tuple(Secret.read(one) for one in parts(body, "secrets") if text(one, "id")),
        )
