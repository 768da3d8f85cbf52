"""Is the part in this container well? `probe.py http://…` asks its port, `probe.py FILE` looks at its sign of life.

Without Django, and without anything else of ours: it runs every few seconds in every container. Signs of life come
from pos/pulse.py.
"""

import http.client
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

TIMEOUT = 5.0
FRESH_SECONDS = 60.0


def ask_port(url: str) -> str:
    """What is wrong with it; nothing when it answers 200."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=TIMEOUT)
    try:
        connection.request("GET", address.path)
        answer = connection.getresponse()
        said = answer.read(500).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"{url}: {error}"
    finally:
        connection.close()
    return "" if answer.status == 200 else f"{url}: {answer.status} {said}"


def look_at(file: Path) -> str:
    """What is wrong with it; nothing when it was touched a moment ago."""
    try:
        age = time.time() - file.stat().st_mtime
    except OSError as error:
        return f"{file}: {error.strerror}"
    return "" if age < FRESH_SECONDS else f"{file}: no sign of life for {age:.0f} s"


if __name__ == "__main__":
    what = sys.argv[1]
    sys.exit((ask_port(what) if what.startswith("http://") else look_at(Path(what))) or None)
