"""The environment, as a stranger sets it."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from pos.embedded import DataFolder

ROOT = Path(settings.BASE_DIR)

PRODUCTION = {
    "DATABASE_URL": "postgres://tableside@db.example.com/tableside",
    "REDIS_URL": "redis://redis.example.com/0",
    "DJANGO_SECRET_KEY": "a-long-and-quite-unguessable-key-for-this-test-0123456789-abcdefghij",
    "DJANGO_ALLOWED_HOSTS": "pos.example.com",
}


def manage(*arguments: str, tmp_path: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run manage.py with nothing but this environment, beside no running venue."""
    ours = {"TABLESIDE_DATA_DIR": str(tmp_path / "data"), "TABLESIDE_ENV_FILE": os.devnull, "PATH": os.environ["PATH"]}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env=ours | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def show(expression: str, *, tmp_path: Path, **environment: str) -> str:
    """What a setting says in that environment."""
    code = f"from django.conf import settings; print({expression})"
    done = manage("shell", "--no-imports", "-c", code, tmp_path=tmp_path, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("missing", ["DJANGO_SECRET_KEY", "DJANGO_ALLOWED_HOSTS"])
def test_production_refuses_to_start_without_key_and_hosts(tmp_path: Path, missing: str) -> None:
    # given
    environment = {name: value for name, value in PRODUCTION.items() if name != missing}

    # when
    done = manage("check", tmp_path=tmp_path, **environment)

    # then
    assert done.returncode == 1
    assert done.stderr == "With DATABASE_URL set, DJANGO_SECRET_KEY and DJANGO_ALLOWED_HOSTS must be set too.\n"


def test_the_deployment_check_has_nothing_to_say_in_production(tmp_path: Path) -> None:
    # when
    done = manage("check", "--deploy", "--fail-level", "WARNING", tmp_path=tmp_path, **PRODUCTION)

    # then
    assert (done.returncode, done.stderr) == (0, "")


def test_a_command_without_any_database_says_what_to_do(tmp_path: Path) -> None:
    # when
    done = manage("migrate", tmp_path=tmp_path)

    # then
    assert done.returncode == 1
    assert done.stderr == "No database is running here: start `make run` or set DATABASE_URL\n"
    assert not (tmp_path / "data").exists()


def test_only_postgresql_will_do(tmp_path: Path) -> None:
    # when
    done = manage("check", tmp_path=tmp_path, **PRODUCTION | {"DATABASE_URL": "sqlite:///db.sqlite3"})

    # then
    assert done.returncode == 1
    assert done.stderr.startswith("DATABASE_URL must name a PostgreSQL database")


def test_a_file_fills_what_the_environment_leaves_open(tmp_path: Path) -> None:
    # given
    file = tmp_path / "settings.env"
    file.write_text("PORT=8100\nHOST=127.0.0.2\n")

    # when
    shown = show(
        "settings.HOST, settings.PORT, settings.LIVE_PORT, settings.SESSION_COOKIE_NAME",
        tmp_path=tmp_path, **PRODUCTION, PORT="8200", TABLESIDE_ENV_FILE=str(file),
    )  # fmt: skip

    # then
    assert shown == "127.0.0.2 8200 8201 tableside_session"


@pytest.mark.parametrize(
    ("url", "alone", "expected"),
    [
        ("postgres://tableside@db.example.com/tableside", "a/b@c?#%1", "a/b@c?#%1"),
        ("postgres://tableside:in-the-url@db.example.com/tableside", "alone", "in-the-url"),
        ("postgres://tableside@db.example.com/tableside", "", ""),
    ],
)
def test_the_databases_password_may_stand_by_itself(tmp_path: Path, url: str, alone: str, expected: str) -> None:
    # given
    environment = PRODUCTION | {"DATABASE_URL": url, "DATABASE_PASSWORD": alone}

    # when
    shown = show("settings.DATABASES['default']['PASSWORD']", tmp_path=tmp_path, **environment)

    # then
    assert shown == expected


def test_where_dojo_finds_us_is_checked_at_the_start(tmp_path: Path) -> None:
    found = show("settings.EPOS_PUBLIC_URL", tmp_path=tmp_path, EPOS_PUBLIC_URL="https://a.example.com/", **PRODUCTION)
    assert found == "https://a.example.com"
    done = manage("check", tmp_path=tmp_path, EPOS_PUBLIC_URL="https://a.example.com/v1")
    assert done.returncode == 1
    assert done.stderr == "EPOS_PUBLIC_URL must be without /v1 at its end: Dojo adds that itself.\n"


def test_host_names_are_separated_as_the_proxy_wants_them(tmp_path: Path) -> None:
    """The proxy takes the same variable, and wants a blank behind each comma."""
    # given
    file = tmp_path / "settings.env"
    file.write_text("DJANGO_ALLOWED_HOSTS=pos.example.com, till.example.com\n")
    environment = PRODUCTION | {"TABLESIDE_ENV_FILE": str(file)}
    del environment["DJANGO_ALLOWED_HOSTS"]

    # then
    assert show("settings.ALLOWED_HOSTS", tmp_path=tmp_path, **environment) == "['pos.example.com', 'till.example.com']"


def test_cookies_are_for_https_and_for_no_script(tmp_path: Path) -> None:
    # when
    names = [f"{cookie}_COOKIE_{flag}" for cookie in ("SESSION", "CSRF") for flag in ("SECURE", "HTTPONLY", "SAMESITE")]
    shown = show(f"[getattr(settings, name) for name in {names}]", tmp_path=tmp_path, **PRODUCTION)

    # then
    assert shown == "[True, True, 'Lax', True, True, 'Lax']"


def test_a_number_behind_a_socket_holds_for_the_queue_too(tmp_path: Path) -> None:
    # when
    environment = PRODUCTION | {"REDIS_URL": "unix:///run/redis.sock?db=3"}
    shown = show("settings.CELERY_BROKER_URL", tmp_path=tmp_path, **environment)

    # then
    assert shown == "redis+socket:///run/redis.sock?virtual_host=3"


@pytest.mark.parametrize(
    ("environment", "worker_class", "workers"),
    [({}, "gthread", "2"), (PRODUCTION, "sync", "4"), (PRODUCTION | {"WEB_WORKERS": "9"}, "sync", "9")],
)
def test_web_answers_alone_in_threads_and_behind_the_proxy_one_at_a_time(
    tmp_path: Path, environment: dict[str, str], worker_class: str, workers: str
) -> None:
    # given
    code = "from pos.parts import configured_parts; print(*configured_parts()['web'])"

    # when
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, capture_output=True, text=True, check=True,
        env={"TABLESIDE_DATA_DIR": str(tmp_path), "TABLESIDE_ENV_FILE": os.devnull, "PATH": os.environ["PATH"]}
        | {"DJANGO_SETTINGS_MODULE": "pos.settings.base"} | environment,
    )  # fmt: skip

    # then
    assert f" --worker-class {worker_class} --workers {workers} " in done.stdout


def test_there_is_no_part_of_another_name(tmp_path: Path) -> None:
    # when
    done = manage("part", "waiter", tmp_path=tmp_path, **PRODUCTION)

    # then
    assert done.returncode == 2
    assert "invalid choice: 'waiter'" in done.stderr
    assert not (tmp_path / "data").exists()


DOJO_HOSTS = "https://api.dojo.tech wss://eu.ws.dojo.tech/epos"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"PORT": "8100"}, "True http://127.0.0.1:8102 ws://127.0.0.1:8102/epos"),
        ({"SANDBOX_HOST": "::1", "SANDBOX_PORT": "9"}, "True http://[::1]:9 ws://[::1]:9/epos"),
        ({"SANDBOX_HOST": "0.0.0.0"}, "True http://127.0.0.1:8002 ws://127.0.0.1:8002/epos"),
        ({"DOJO_API_KEY": "sk_sandbox_abc"}, f"False {DOJO_HOSTS}"),
        (PRODUCTION, f"False {DOJO_HOSTS}"),
        (
            {"DOJO_API_URL": "http://dojo.example.com", "DOJO_WS_URL": "ws://dojo.example.com"},
            "True http://dojo.example.com ws://dojo.example.com",
        ),
    ],
)
def test_dojo_is_the_sandbox_where_nobody_has_a_key(tmp_path: Path, environment: dict[str, str], expected: str) -> None:
    # when
    shown = settled("settings.SANDBOX, settings.DOJO_API_URL, settings.DOJO_WS_URL", tmp_path, environment)

    # then
    assert shown == expected


def test_venue_and_sandbox_share_a_key_that_was_made_up_once(tmp_path: Path) -> None:
    # given
    folder = DataFolder(tmp_path / "data")
    folder.make(traversable=False)
    key = folder.make_sandbox_key()

    # then
    assert folder.make_sandbox_key() == key
    assert re.fullmatch(r"sk_sandbox_[\w-]{43}", key)
    assert folder.sandbox_key_file.stat().st_mode & 0o777 == 0o600
    assert settled("settings.DOJO_API_KEY", tmp_path, {}) == key
    assert settled("settings.DOJO_API_KEY", tmp_path, {"DOJO_API_KEY": "sk_sandbox_abc"}) == "sk_sandbox_abc"
    assert settled("settings.DOJO_API_KEY", tmp_path, PRODUCTION) == ""


def test_the_sandbox_is_not_for_production(tmp_path: Path) -> None:
    # when
    done = manage("sandbox", tmp_path=tmp_path, **PRODUCTION)
    part = manage("part", "sandbox", tmp_path=tmp_path, **PRODUCTION)

    # then
    assert done.returncode == 1
    assert done.stderr == (
        "CommandError: The sandbox is not for production: with DATABASE_URL set, Dojo itself is used.\n"
    )
    assert (part.returncode, "invalid choice: 'sandbox'" in part.stderr) == (2, True)
    assert show("'dojo_integration.sandbox' in settings.INSTALLED_APPS", tmp_path=tmp_path, **PRODUCTION) == "False"
    assert not (tmp_path / "data").exists()


def settled(expression: str, tmp_path: Path, environment: dict[str, str]) -> str:
    """What a setting says, without any database to ask."""
    given = {"PATH": os.environ["PATH"], "TABLESIDE_ENV_FILE": os.devnull, "TABLESIDE_DATA_DIR": str(tmp_path / "data")}
    done = subprocess.run(
        [sys.executable, "-c", f"from django.conf import settings; print({expression})"],
        cwd=ROOT, capture_output=True, text=True, check=True,
        env=given | {"DJANGO_SETTINGS_MODULE": "pos.settings.base"} | environment,
    )  # fmt: skip
    return done.stdout.strip()


def test_the_database_is_pooled_and_checked(tmp_path: Path) -> None:
    # when
    shown = show("settings.DATABASES['default']", tmp_path=tmp_path, **PRODUCTION)

    # then
    database = ast.literal_eval(shown)
    assert (database["CONN_MAX_AGE"], database["CONN_HEALTH_CHECKS"], database["ATOMIC_REQUESTS"]) == (0, True, False)
    # Two web workers, live, two background workers and beat, all pools full: far from the usual 100.
    assert database["OPTIONS"]["pool"]["max_size"] * 6 <= 60


def test_every_variable_is_documented_and_no_other() -> None:
    # given
    tree = ast.parse((ROOT / "pos/settings/base.py").read_text())
    read = {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and getattr(call.func.value, "id", "") == "env"
    }

    # when
    table = [line.split("|")[1] for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| `")]
    in_readme = {name for cell in table for name in re.findall(r"`([A-Z_]+)`", cell)}
    in_example = set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    # then
    assert in_readme == read
    assert in_example == read


def test_the_environment_is_read_in_settings_only() -> None:
    # given
    allowed = {
        "pos/settings/base.py", "pos/settings/test.py",
        # These three name the settings module.
        "pos/wsgi.py", "pos/asgi.py", "pos/celery.py",
        # This one hands our environment on to a child.
        "pos/embedded/process.py",
    }  # fmt: skip

    # when
    readers = {
        path.relative_to(ROOT).as_posix()
        for app in ("pos", "floorplan", "bookings", "orders", "dojo_integration")
        for path in (ROOT / app).rglob("*.py")
        if re.search(r"os\.(environ|getenv)", path.read_text())
    }

    # then
    assert readers - allowed == set()
