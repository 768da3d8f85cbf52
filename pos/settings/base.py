"""Settings: the environment is read here, once, and nowhere else.

Without ``DATABASE_URL`` the services are embedded: `manage.py up` starts them and everybody else finds them
through the data folder. With it this is production, which refuses to start without a key and host names.
"""

import secrets
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from pos import addresses
from pos.embedded import DataFolder
from pos.logging import logging_settings

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = environ.Env()
environ.Env.read_env(env.str("TABLESIDE_ENV_FILE", default=str(BASE_DIR / ".env")))

# Where the parts listen.
HOST = env.str("HOST", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
LIVE_PORT = env.int("LIVE_PORT", default=PORT + 1)
LIVE_URL = env.str("LIVE_URL", default="")
SANDBOX_HOST = env.str("SANDBOX_HOST", default="127.0.0.1")
SANDBOX_PORT = env.int("SANDBOX_PORT", default=PORT + 2)

# What they stand on.
DATABASE_URL = env.str("DATABASE_URL", default="")
DATABASE_PASSWORD = env.str("DATABASE_PASSWORD", default="")
# Past a pooler that lends connections by the transaction: a lock that lasts as long as a session needs one of its own.
DATABASE_DIRECT_URL = env.str("DATABASE_DIRECT_URL", default="")
REDIS_URL = env.str("REDIS_URL", default="")
DATA_FOLDER = DataFolder((BASE_DIR / env.str("TABLESIDE_DATA_DIR", default="var")).resolve())

PRODUCTION = bool(DATABASE_URL)
SERVICES = None if DATABASE_URL and REDIS_URL else DATA_FOLDER.running_services()
# `manage.py up` and the few commands that need neither database nor Redis run without them.
SERVICES_ARE_KNOWN = bool(DATABASE_URL and REDIS_URL) or SERVICES is not None

# A sync worker answers one request at a time, a threaded one four (pos.parts).
WEB_WORKERS = env.int("WEB_WORKERS", default=4 if PRODUCTION else 2)

DEBUG = env.bool("DJANGO_DEBUG", default=False)
ALLOWED_HOSTS = [name.strip() for name in env.list("DJANGO_ALLOWED_HOSTS", default=[])]
SECRET_KEY = env.str("DJANGO_SECRET_KEY", default="")

# The Basic credentials that Dojo must send us, for the default venue; unset: generated on the first start.
EPOS_REST_USERNAME = env.str("EPOS_REST_USERNAME", default="")
EPOS_REST_PASSWORD = env.str("EPOS_REST_PASSWORD", default="")
# Where Dojo finds us from outside; unset: by the WebSocket alone.
EPOS_PUBLIC_URL = env.str("EPOS_PUBLIC_URL", default="").strip()
if EPOS_PUBLIC_URL:
    try:
        EPOS_PUBLIC_URL = addresses.public(EPOS_PUBLIC_URL)
    except ValueError as error:
        raise ImproperlyConfigured(f"EPOS_PUBLIC_URL {error}.") from None
# The REST contract wraps the page of tables in an array; some readers of it want the page alone.
EPOS_TABLES_IN_ARRAY = env.bool("EPOS_TABLES_IN_ARRAY", default=True)

# Dojo, for the default venue. Without a key of Dojo's it is played by the sandbox on this machine, with a key made up
# on the first start; in production nobody plays it, and nothing is dialled.
DOJO_API_KEY = env.str("DOJO_API_KEY", default="").strip()
DOJO_SOFTWARE_HOUSE_ID = env.str("DOJO_SOFTWARE_HOUSE_ID", default="softwareHouse1")
DOJO_RESELLER_ID = env.str("DOJO_RESELLER_ID", default="")
# Where a key of Dojo's is good; a manager may enter one while everybody else is on the sandbox.
DOJO_PUBLIC_API_URL = env.str("DOJO_API_URL", default="https://api.dojo.tech")
DOJO_PUBLIC_WS_URL = env.str("DOJO_WS_URL", default="wss://eu.ws.dojo.tech/epos")
DOJO_API_URL, DOJO_WS_URL = DOJO_PUBLIC_API_URL, DOJO_PUBLIC_WS_URL
SANDBOX = not DOJO_API_KEY and not PRODUCTION
SANDBOX_ADDRESS = addresses.joined(addresses.local(SANDBOX_HOST), SANDBOX_PORT)
if SANDBOX:
    DOJO_API_KEY = DATA_FOLDER.sandbox_key() or ""
    DOJO_API_URL = env.str("DOJO_API_URL", default=f"http://{SANDBOX_ADDRESS}")
    DOJO_WS_URL = env.str("DOJO_WS_URL", default=f"ws://{SANDBOX_ADDRESS}/epos")
DOJO_API_VERSION = env.str("DOJO_API_VERSION", default="2026-02-27").strip()
# Where in Dojo's API the seller is named: where its contract declares the header, unless Dojo asks for less.
DOJO_RESELLER_PATHS = [
    path.strip() for path in env.list("DOJO_RESELLER_PATHS", default=["/terminals", "/terminal-sessions"])
]
# How many of Dojo's requests over the WebSocket are worked on at once; each needs a database connection while it is.
DOJO_THREADS = env.int("DOJO_THREADS", default=64)

# A new embedded installation begins with the demo venue, or with none.
DEMO = env.bool("TABLESIDE_DEMO", default=True)

# `manage.py create_venue` asks for the first manager's password unless it is told here.
MANAGER_PASSWORD = env.str("TABLESIDE_MANAGER_PASSWORD", default="")


def _this_machines_names() -> list[str]:
    name = socket.gethostname()
    names = {"localhost", "127.0.0.1", "[::1]", name, f"{name}.local"}
    if HOST in ("0.0.0.0", "::"):
        # Tills on the local network come by address. Nothing is sent: connecting a datagram socket only
        # makes the system choose the address that it would send from.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(("192.0.2.1", 9))
            except OSError:
                return sorted(names)  # no network, no address
            names.add(probe.getsockname()[0])
    else:
        names.add(HOST)
    return sorted(names)


if PRODUCTION:
    if not SECRET_KEY or not ALLOWED_HOSTS:
        raise ImproperlyConfigured("With DATABASE_URL set, DJANGO_SECRET_KEY and DJANGO_ALLOWED_HOSTS must be set too.")
else:
    # Before the first start there is no key yet, and nothing that a key of the moment would lose.
    SECRET_KEY = SECRET_KEY or DATA_FOLDER.secret_key() or secrets.token_urlsafe(48)
    ALLOWED_HOSTS = ALLOWED_HOSTS or _this_machines_names()

INSTALLED_APPS = [
    # The back office: unfold before Django's admin, whose templates it replaces; the site itself is ours.
    "unfold.apps.BasicAppConfig",
    "pos.back_office.apps.BackOfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular_sidecar",
    "pos",
    "floorplan",
    "bookings",
    "orders",
    "dojo_integration",
]
if not PRODUCTION:
    INSTALLED_APPS += ["dojo_integration.sandbox"]

MIDDLEWARE = [
    # First: a probe comes by address, over plain HTTP and without a session.
    "pos.health.HealthMiddleware",
    # Then Dojo's road: what any of the others refuses under /v1 has to be an EPOSError.
    "dojo_integration.rest.EposErrorMiddleware",
    "django.middleware.security.SecurityMiddleware",
    # Dojo's road ends here: nothing below is for a machine that sends its credentials with every request.
    "dojo_integration.rest.DojoRoadMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "pos.live_address.LiveAddressMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "pos.urls"
WSGI_APPLICATION = "pos.wsgi.application"
ASGI_APPLICATION = "pos.asgi.application"
AUTH_USER_MODEL = "pos.Staff"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "pos.live_address.context",
            ]
        },
    }
]

# ---- Database ----------------------------------------------------------------------------------------------------

# Per process. Two web workers use 4 each (their threads), live and each of the two workers fewer still: far below
# the 100 connections that a PostgreSQL allows unless told otherwise, with room for a second web machine.
POOL = {"min_size": 1, "max_size": 8, "timeout": 5}


def _database() -> dict[str, Any]:
    url = DATABASE_URL or (SERVICES.database_url if SERVICES else None)
    if not url:
        return {"ENGINE": "django.db.backends.dummy"}
    found: dict[str, Any] = environ.Env.db_url_config(url)
    if found["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database: postgres://user:password@host/name")
    options = found.pop("OPTIONS", {})
    # A socket folder arrives as an option; psql and the test runner look for it here.
    found["HOST"] = options.pop("host", found["HOST"])
    found["PORT"] = options.pop("port", found["PORT"])
    found["PASSWORD"] = found["PASSWORD"] or DATABASE_PASSWORD
    return found | {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True, "OPTIONS": {**options, "pool": POOL}}


# Services own their transactions (pos.service): no ATOMIC_REQUESTS.
DATABASES = {"default": _database()}

# ---- Redis: broker, channel layer, cache -------------------------------------------------------------------------

REDIS = REDIS_URL or (SERVICES.redis_url if SERVICES else None) or "unix:///nowhere/redis.sock"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS,
        "KEY_PREFIX": "tableside",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
}
CHANNEL_LAYERS: dict[str, Any] = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [REDIS], "prefix": "tableside-live"},
    }
}

# ---- Background --------------------------------------------------------------------------------------------------

# The queue's library knows a socket, and its number, by names of its own.
CELERY_BROKER_URL = REDIS.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Money never waits for the queue (the outbox is in PostgreSQL), so a publisher gives up quickly on a sick Redis.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": "tableside-queue:",
    "visibility_timeout": 300,
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
# A worker that is killed in the middle gives its task back; every task is safe to run twice.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE: dict[str, Any] = {
    "give back lapsed leases": {"task": "orders.tasks.give_back_lapsed_leases", "schedule": 2.0},
    "clear tables that paid": {"task": "orders.tasks.clear_tables_that_paid", "schedule": 5.0},
    "forget old operations": {"task": "orders.tasks.forget_old_operations", "schedule": 3600.0},
    "look into Dojo's events": {"task": "dojo_integration.tasks.handle_dojo_events", "schedule": 10.0},
    "look at payments": {"task": "dojo_integration.tasks.look_at_payment_intents", "schedule": 10.0},
    "forget old requests": {"task": "dojo_integration.tasks.forget_old_requests", "schedule": 3600.0},
    # A sweep that nobody has begun when the next one is due is one too many.
    "sweep the outbox": {
        "task": "dojo_integration.tasks.sweep_outbox",
        "schedule": 2.0,
        "options": {"expires": 2},
    },
    "forget old events": {"task": "dojo_integration.tasks.forget_old_events", "schedule": 3600.0},
}
CELERY_BEAT_SCHEDULER = "pos.pulse.Scheduler"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_FOLDER.path / "celerybeat-schedule")

# ---- Events: who hears of a change (pos.events) ------------------------------------------------------------------

BEFORE_COMMIT_SUBSCRIBERS = ["dojo_integration.documents.write_order_documents"]
AFTER_COMMIT_SUBSCRIBERS = ["pos.live.push", "dojo_integration.inbox.nudge_workers"]

# Lists of WebSocket routes, for the live port.
LIVE_ROUTES = ["orders.routing.websocket_routes", "dojo_integration.routing.websocket_routes"]

# ---- Wire --------------------------------------------------------------------------------------------------------

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
}
# How serializers read in the API document at /v1/schema/.
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "OAS_VERSION": "3.1.0",
    "ENFORCE_NON_BLANK_FIELDS": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}

# ---- Words, times, money -----------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# ---- Staff, sessions, browsers -----------------------------------------------------------------------------------

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Cookies ignore ports: two embedded venues on one machine would log each other out.
SESSION_COOKIE_NAME = "tableside_session" if PRODUCTION else f"tableside_session_{PORT}"
CSRF_COOKIE_NAME = "tableside_csrf" if PRODUCTION else f"tableside_csrf_{PORT}"
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Wrong passwords (pos.lockout): ten for one login from one address, then half an hour's rest.
INSTALLED_APPS += ["axes"]
MIDDLEWARE += ["axes.middleware.AxesMiddleware"]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_HANDLER = "pos.lockout.PasswordTries"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
# What authenticate() calls it, whatever a form does.
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "pos.lockout.login_of"
AXES_CLIENT_IP_CALLABLE = "pos.client_address.client_address"
AXES_LOCKOUT_CALLABLE = "pos.lockout.refusal"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=30)
# Else somebody who keeps trying would wait for ever, and could keep another waiting.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
# The audit trail has the sign-ins. A login is kept out of logs and forms, because people type passwords into it.
AXES_DISABLE_ACCESS_LOG = True
AXES_SENSITIVE_PARAMETERS = ["login", "username", "csrfmiddlewaretoken"]
AXES_VERBOSE = False

if PRODUCTION:
    # The README asks for a proxy that sets this header itself and drops the one a client sends.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "manifest-src": [SELF],
        # pos.live_address adds where this page's WebSocket goes.
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# ---- Back office (unfold): how /admin/ looks; what stands in it is in pos.back_office.site -------------------------

FORMAT_MODULE_PATH = "pos.formats"
UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Tableside",
    "SITE_SYMBOL": "storefront",
    "SHOW_BACK_BUTTON": True,
    "SIDEBAR": {"show_search": True, "command_search": True},
    "COLORS": {
        "primary": {
            "50": "#fdf6f2",
            "100": "#fbeee7",
            "200": "#f5d6c5",
            "300": "#ecb394",
            "400": "#e08c60",
            "500": "#d0693a",
            "600": "#9a3b14",
            "700": "#7d2e0d",
            "800": "#64260d",
            "900": "#4f200d",
            "950": "#2c1006",
        }
    },
}

# ---- Static files ------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# `make run` serves them from where they lie; production collects, compresses and fingerprints them once.
_collected = BASE_DIR / env.str("TABLESIDE_STATIC_DIR", default="staticfiles")
STATIC_ROOT = _collected if PRODUCTION else None
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if PRODUCTION
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}

# ---- Logs --------------------------------------------------------------------------------------------------------

LOGGING_CONFIG = "pos.logging.configure"
LOGGING = logging_settings(as_json=PRODUCTION)
