"""Dojo's EPOS tester: what it can play through with us, and how that went."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from dojo_integration.dojo_api.reading import Body, flag, moment, needed, parts, text, texts


@dataclass(frozen=True, slots=True)
class FlowParam:
    name: str
    type: str
    required: bool
    description: str
    default: str

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(
            name=text(body, "name"),
            type=text(body, "type"),
            required=flag(body, "required"),
            description=text(body, "description"),
            default=text(body, "default"),
        )


@dataclass(frozen=True, slots=True)
class Flow:
    """Something that the tester can play through."""

    name: str
    params: tuple[FlowParam, ...]

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(
            name=needed(body, "name"),
            params=tuple(FlowParam.read(one) for one in parts(body, "params")),
        )


@dataclass(frozen=True, slots=True)
class FlowStep:
    name: str
    status: str
    information: tuple[str, ...]
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(
            name=text(body, "name"),
            status=text(body, "status"),
            information=texts(body, "additionalInformation"),
            started_at=moment(body, "startedAt"),
            finished_at=moment(body, "finishedAt"),
        )


@dataclass(frozen=True, slots=True)
class FlowResult:
    """How a flow stands: IN_PROGRESS, or SUCCESS, FAILURE, TIMED_OUT for good."""

    id: str
    name: str
    status: str
    steps: tuple[FlowStep, ...]
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(
            id=text(body, "flowID", "flowId"),
            name=text(body, "flowName"),
            status=needed(body, "status"),
            steps=tuple(FlowStep.read(one) for one in parts(body, "steps")),
            started_at=moment(body, "startedAt"),
            finished_at=moment(body, "finishedAt"),
        )
