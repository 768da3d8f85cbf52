"""Who runs PostgreSQL and Redis: ourselves, or an unprivileged account where we are root (PostgreSQL refuses root)."""

import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pos.embedded.errors import EmbeddedError

UNPRIVILEGED = ("nobody", "daemon", "postgres")


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    uid: int
    gid: int
    is_ourselves: bool

    @classmethod
    def for_services(cls) -> "Account":
        """The account of PostgreSQL and Redis; raises EmbeddedError when root finds none to drop to."""
        if os.geteuid() != 0:
            return cls(f"user {os.geteuid()}", os.geteuid(), os.getegid(), is_ourselves=True)
        for name in UNPRIVILEGED:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(name, entry.pw_uid, entry.pw_gid, is_ourselves=False)
        raise EmbeddedError("PostgreSQL refuses to run as root and no unprivileged account is here: set DATABASE_URL")

    def can_execute(self, path: Path) -> bool:
        """Whether this account may run the file, or pass through the folder, with all that lies above it."""
        if self.is_ourselves:
            return os.access(path, os.X_OK)
        # Asked of the system in that account's name: mode bits alone do not tell of access lists and mounts.
        asked = subprocess.run(
            ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)],
            user=self.uid, group=self.gid, extra_groups=[], cwd="/", capture_output=True, check=False,
        )  # fmt: skip
        return asked.returncode == 0

    def make_private_folder(self, folder: Path) -> None:
        """Make a 0700 folder of this account, or accept the one that is; raises EmbeddedError on anybody else's."""
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            pass
        else:
            if not self.is_ourselves:
                os.chown(folder, self.uid, self.gid)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.uid or stat.S_IMODE(found.st_mode) & 0o077:
            raise EmbeddedError(f"{folder} is not a private folder of {self.name}: move it away and start again")
