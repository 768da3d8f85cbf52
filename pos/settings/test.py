"""Settings of the test suite: a throw-away server of its own, which tests/conftest.py starts.

Nothing of the environment or of var/ gets in: a test never touches the venue that `make run` serves.
"""

import os
import secrets
import tempfile
from pathlib import Path

# Every process of one test run shares this folder's name; conftest.py makes the folder and the servers in it.
RUN_FOLDER = Path(
    os.environ.setdefault(
        "TABLESIDE_TEST_RUN", f"{tempfile.gettempdir()}/tableside-test-{os.getpid()}-{secrets.token_hex(4)}"
    )
)
_KEPT = ("TABLESIDE_TEST_RUN", "TABLESIDE_SPECS")
_PREFIXES = (
    "DJANGO_DEBUG", "DJANGO_SECRET", "DJANGO_ALLOWED", "TABLESIDE_", "DOJO_", "EPOS_", "LIVE_", "DATABASE_", "REDIS_",
    "WEB_", "SANDBOX_",
)  # fmt: skip
for _name in list(os.environ):
    if _name in ("HOST", "PORT") or (_name.startswith(_PREFIXES) and _name not in _KEPT):
        del os.environ[_name]
os.environ["TABLESIDE_ENV_FILE"] = os.devnull
os.environ["TABLESIDE_DATA_DIR"] = str(RUN_FOLDER / "no-venue")

from pos.settings.base import *  # noqa: E402, F403

# pytest-xdist names its workers gw0, gw1 …; each has its own database (pytest-django) and its own Redis, which tests
# freeze and stop.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
SECRET_KEY = "the test suite's own key, which signs nothing that outlives the run"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "tableside",
        "USER": "tableside",
        "HOST": str(RUN_FOLDER / "run"),
        "PORT": 5432,
        # No pool: a race test wants as many connections as it has threads.
        "CONN_MAX_AGE": 0,
        # conftest.py migrates this database once, and every worker's own is a copy of it.
        "TEST": {"TEMPLATE": "tableside"},
    }
}
REDIS = f"unix://{RUN_FOLDER}/run/{f'redis-{WORKER}/' if WORKER else ''}redis.sock?db=0"
CACHES["default"]["LOCATION"] = REDIS  # noqa: F405
CHANNEL_LAYERS["default"]["CONFIG"]["hosts"] = [REDIS]  # noqa: F405
CELERY_BROKER_URL = REDIS.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=")

# As if Dojo had given a key that is not told here. A test that wants a Dojo says so (tests/sandbox.py).
SANDBOX = False
DOJO_API_URL, DOJO_WS_URL = DOJO_PUBLIC_API_URL, DOJO_PUBLIC_WS_URL  # noqa: F405

# The real algorithm at a price that hundreds of logins can pay; what it hashed, `make run` could check.
PASSWORD_HASHERS = ["tests.cheap_argon2.CheapArgon2PasswordHasher"]

# WhiteNoise would list every static file again for every test client.
WHITENOISE_AUTOREFRESH = True
