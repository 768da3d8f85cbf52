"""The embedded Redis: broker, channel layer and cache behind one socket, with an append-only file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import redis

from pos.embedded.account import Account
from pos.embedded.process import Program

SOCKET_NAME = "redis.sock"
APPEND_ONLY = ("--appendonly", "yes", "--appendfsync", "everysec")


@dataclass(frozen=True, slots=True)
class Redis:
    server: Path
    data: Path
    sockets: Path
    account: Account
    settings: Sequence[str] = APPEND_ONLY

    @property
    def socket(self) -> Path:
        return self.sockets / SOCKET_NAME

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    def program(self) -> Program:
        options = (
            "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700", "--dir", str(self.data),
            "--daemonize", "no", "--loglevel", "warning", "--save", "", *self.settings,
        )  # fmt: skip
        return Program(
            name="redis",
            argv=(str(self.server), *options),
            account=self.account,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            cwd=Path("/"),
            is_ready=self.is_ready,
        )

    def is_ready(self) -> bool:
        with redis.Redis(unix_socket_path=str(self.socket), socket_timeout=2) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False
