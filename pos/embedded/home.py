"""Where the embedded services keep their data and sockets, and the two of them made ready to start."""

import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pos.embedded import binaries
from pos.embedded.account import Account
from pos.embedded.errors import EmbeddedError
from pos.embedded.folder import DataFolder, Services
from pos.embedded.postgres import SOCKET_NAME as POSTGRES_SOCKET
from pos.embedded.postgres import Postgres
from pos.embedded.redis import APPEND_ONLY, Redis

FAR_HOMES = Path("/var/tmp")
# sun_path holds 104 bytes on macOS and 108 on Linux, with the closing NUL.
LONGEST_SOCKET_PATH = 103


@dataclass(frozen=True, slots=True)
class Installation:
    """The embedded services of one data folder; None for one that the environment names instead."""

    home: Path
    postgres: Postgres | None
    redis: Redis | None

    def keep_from_cleaners(self) -> None:
        """What cleans /var/tmp of old files passes over a folder that is locked: lock it for as long as we live."""
        fcntl.flock(os.open(self.home, os.O_RDONLY | os.O_CLOEXEC), fcntl.LOCK_SH | fcntl.LOCK_NB)

    @property
    def services(self) -> Services:
        return Services(
            database_url=self.postgres.url if self.postgres else None, redis_url=self.redis.url if self.redis else None
        )


def install(
    folder: DataFolder,
    *,
    with_postgres: bool,
    with_redis: bool,
    postgres_settings: Sequence[str] = (),
    redis_settings: Sequence[str] = APPEND_ONLY,
) -> Installation:
    """Bring binaries, folders and the cluster into place, as far as they are not. Raises EmbeddedError."""
    # Asked first: a machine that no wheel fits should hear so before anything is made.
    postgres_install = binaries.find_postgres() if with_postgres else None
    redis_server = binaries.find_redis() if with_redis else None
    if not with_postgres and not with_redis:
        return Installation(folder.path, None, None)
    account = Account.for_services()
    home = _home(folder.path, account)
    sockets = _socket_folder(home, account)
    postgres = redis = None
    if postgres_install:
        program = binaries.within_reach(
            postgres_install / "bin/postgres", wheel=binaries.POSTGRES_WHEEL, account=account, home=home
        )
        postgres = Postgres(program.parent.parent, home / "postgres", sockets, account, postgres_settings)
        postgres.create_cluster()
    if redis_server:
        program = binaries.within_reach(redis_server, wheel=binaries.REDIS_WHEEL, account=account, home=home)
        account.make_private_folder(home / "redis")
        redis = Redis(program, home / "redis", sockets, account, redis_settings)
    return Installation(home, postgres, redis)


def _home(data_folder: Path, account: Account) -> Path:
    """The data folder itself, or a folder below /var/tmp when the services' account cannot get into it."""
    if account.can_execute(data_folder):
        return data_folder
    name = hashlib.sha256(f"{os.geteuid()}:{data_folder}".encode()).hexdigest()[:12]
    home = FAR_HOMES / f"tableside-{name}"
    try:
        home.mkdir(mode=0o700)
    except FileExistsError:
        found = home.lstat()
        # Anybody may make folders in /var/tmp, also one that waits for us under this name.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
            raise EmbeddedError(f"{home} is not our own folder: remove it, or set TABLESIDE_DATA_DIR") from None
    home.chmod(0o711)
    return home


def _socket_folder(home: Path, account: Account) -> Path:
    """A private folder whose path is short enough for a socket."""
    sockets = home / "run"
    if len(os.fsencode(sockets / POSTGRES_SOCKET)) <= LONGEST_SOCKET_PATH:
        account.make_private_folder(sockets)
        return sockets
    # A name nobody can foresee, remembered by a link beside the data so that the next start clears it away.
    link = home / "run-elsewhere"
    if link.is_symlink():
        shutil.rmtree(link.readlink(), ignore_errors=True)
        link.unlink()
    sockets = Path(tempfile.mkdtemp(prefix="tableside-", dir="/tmp"))
    if not account.is_ourselves:
        os.chown(sockets, account.uid, account.gid)
    link.symlink_to(sockets)
    return sockets
