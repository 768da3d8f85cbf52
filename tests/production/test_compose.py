"""docker-compose.yml and what goes with it, as far as it can be read without Docker."""

import re

import pytest

from pos.embedded.redis import APPEND_ONLY
from pos.parts import configured_parts
from tests.production.compose import (
    CADDYFILE,
    COMPOSE,
    ROOT,
    Missing,
    compose,
    environment,
    our_services,
    part_of,
    services,
    variables,
)

ONE_SHOT = {"prepare"}
EXAMPLE = set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
GIVEN = {"DJANGO_SECRET_KEY": "a key", "DJANGO_ALLOWED_HOSTS": "pos.example.com", "DATABASE_PASSWORD": "a password"}


def test_every_part_of_the_supervisor_is_a_service_and_no_other_command_runs() -> None:
    # when
    parts = {name: part_of(service) for name, service in our_services().items() if name not in ONE_SHOT}

    # then
    assert set(parts.values()) == set(configured_parts())
    assert all(name == part for name, part in parts.items())
    assert our_services()["prepare"]["command"] == ["python", "manage.py", "prepare"]


def test_every_variable_is_a_knob_that_the_example_names() -> None:
    # given: the images' own variables are theirs
    ours = {name for service in our_services().values() for name in service["environment"]}
    filled_in = variables(COMPOSE.read_text()) | set(re.findall(r"\{\$(\w+)\}", CADDYFILE.read_text()))

    # then: in our containers and in what is filled in, only knobs
    assert ours - EXAMPLE == set()
    assert filled_in - EXAMPLE == set()
    assert variables(COMPOSE.read_text()) >= {"DJANGO_SECRET_KEY", "DJANGO_ALLOWED_HOSTS", "DATABASE_PASSWORD"}
    # and: every other knob of .env gets to our containers as well
    assert all(service["env_file"] == ".env" for service in our_services().values())


@pytest.mark.parametrize("missing", sorted(GIVEN))
@pytest.mark.parametrize("service", sorted(our_services()))
def test_nothing_of_ours_starts_without_its_secrets(service: str, missing: str) -> None:
    given = {name: value for name, value in GIVEN.items() if name != missing}
    with pytest.raises(Missing, match=missing):
        environment(our_services()[service], given)


def test_the_database_and_the_proxy_do_not_start_without_theirs_either() -> None:
    with pytest.raises(Missing, match="DATABASE_PASSWORD"):
        environment(services()["postgres"], {})
    with pytest.raises(Missing, match="DJANGO_ALLOWED_HOSTS"):
        environment(services()["proxy"], {})
    # and: no secret has a value of its own anywhere
    for service in services().values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|KEY", name):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), name


def test_the_parts_find_the_services_that_stand_beside_them() -> None:
    # when
    found = environment(services()["web"], GIVEN)
    postgres = environment(services()["postgres"], GIVEN)

    # then
    user, database = postgres["POSTGRES_USER"], postgres["POSTGRES_DB"]
    assert found["DATABASE_URL"] == f"postgres://{user}@postgres/{database}"
    assert found["DATABASE_PASSWORD"] == postgres["POSTGRES_PASSWORD"] == "a password"
    assert found["REDIS_URL"] == "redis://redis:6379/0"
    assert f"reverse_proxy web:{found['PORT']} " in CADDYFILE.read_text()
    assert f"reverse_proxy live:{found['LIVE_PORT']} " in CADDYFILE.read_text()
    assert found["HOST"] == "0.0.0.0"


def test_images_are_pinned_to_a_major_version() -> None:
    foreign = {name: service["image"] for name, service in services().items() if name not in our_services()}
    assert set(foreign) == {"proxy", "postgres", "redis"}
    assert [image for image in foreign.values() if not re.fullmatch(r"[a-z]+:\d+(\.\d+)*", image)] == []
    # and: ours is built here, and never fetched from a registry where anybody may have that name
    assert all((service["build"], service["pull_policy"]) == (".", "build") for service in our_services().values())


def test_every_service_is_watched_restarted_and_kept_from_filling_the_disk() -> None:
    for name, service in services().items():
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}, name
        if name in ONE_SHOT:
            assert (service["restart"], service["healthcheck"]) == ("no", {"disable": True})
        else:
            assert service["restart"] == "unless-stopped", name
            assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL"), name


def test_a_health_check_asks_the_part_that_it_stands_at() -> None:
    # given
    found = environment(services()["web"], GIVEN)
    signs = found["TABLESIDE_DATA_DIR"]

    # when
    asked = {name: service["healthcheck"].get("test", [])[-1:] for name, service in our_services().items()}

    # then
    assert asked == {
        "web": [f"http://127.0.0.1:{found['PORT']}/readyz"],
        "live": [f"http://127.0.0.1:{found['LIVE_PORT']}/healthz"],
        "worker": [f"{signs}/worker.pulse"],
        "beat": [f"{signs}/beat.pulse"],
        "dojo": [f"{signs}/dojo.pulse"],
        "prepare": [],
    }


def test_only_the_proxy_can_be_reached_from_outside() -> None:
    assert [name for name, service in services().items() if "ports" in service] == ["proxy"]
    assert not any("network_mode" in service for service in services().values())
    # and: what holds the data has no way out, and the proxy no way to it
    assert compose()["networks"]["data"] == {"internal": True}
    assert services()["postgres"]["networks"] == services()["redis"]["networks"] == ["data"]
    assert services()["proxy"]["networks"] == ["edge"]
    # and: ours may ask Dojo, and servers that DATABASE_URL and REDIS_URL name elsewhere
    assert all(service["networks"] == ["edge", "data"] for service in our_services().values())


def test_everything_waits_for_the_schema() -> None:
    for name, service in our_services().items():
        waits = {other: how["condition"] for other, how in service["depends_on"].items()}
        expected = {"postgres": "service_healthy", "redis": "service_healthy"}
        assert waits == expected | ({} if name in ONE_SHOT else {"prepare": "service_completed_successfully"}), name
    assert services()["proxy"]["depends_on"] == {
        "web": {"condition": "service_healthy"}, "live": {"condition": "service_healthy"},
    }  # fmt: skip


def test_our_containers_may_do_as_little_as_possible() -> None:
    for name, service in our_services().items():
        assert service["read_only"] is True, name
        assert service["tmpfs"] == ["/tmp"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "volumes" not in service, name


def test_what_must_last_is_on_a_volume() -> None:
    kept = {volume.split(":")[0] for service in services().values() for volume in service.get("volumes", [])}
    assert kept - {"./deploy/Caddyfile"} == set(compose()["volumes"])
    # From PostgreSQL 18 on the image keeps a folder per version below this one.
    assert services()["postgres"]["volumes"] == ["postgres-data:/var/lib/postgresql"]
    assert services()["redis"]["volumes"] == ["redis-data:/data"]


def test_the_queue_forgets_and_drops_nothing() -> None:
    command = services()["redis"]["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert command[0] == "redis-server"
    assert options == {"--appendonly": "yes", "--save": "", "--maxmemory-policy": "noeviction"}
    assert APPEND_ONLY[:2] == ("--appendonly", "yes")  # as the embedded one


def test_the_proxy_hands_web_whole_requests() -> None:
    """What its sync workers rely on (pos.parts)."""
    text = CADDYFILE.read_text()
    web = text[text.index("reverse_proxy web") :]
    assert re.search(r"\n\t\t\trequest_buffers \d+MB\n", web)
    assert re.search(r"\n\t\t\tresponse_buffers \d+MB\n", web)
    # It says who the client is, and believes nobody else about it (pos.client_address).
    assert re.findall(r"header_up .*", text) == ["header_up X-Forwarded-For {client_ip}"]
    assert not re.search(r"^\s*trusted_proxies", text, re.MULTILINE)
