"""The embedded PostgreSQL and Redis: what was committed stays, and nobody is locked out by a dead one."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from pos.embedded import DataFolder, EmbeddedError, Installation, Services, binaries, home, install
from pos.embedded.account import Account
from pos.embedded.postgres import Postgres
from pos.embedded.process import signal_group, start_stamp
from tests.throw_away import running

AS_ROOT = os.geteuid() == 0
SMALL = ("shared_buffers=16MB", "max_connections=20")


@pytest.fixture(scope="module")
def folder() -> Iterator[DataFolder]:
    # Below /tmp and not pytest's own folder, into which PostgreSQL's account could not get.
    made = DataFolder(Path(tempfile.mkdtemp(prefix="tableside-embedded-")) / "var")
    made.path.parent.chmod(0o711)
    made.make(traversable=AS_ROOT)
    yield made
    shutil.rmtree(made.path.parent)


@pytest.fixture(scope="module")
def installed(folder: DataFolder) -> Installation:
    return install(folder, with_postgres=True, with_redis=True, postgres_settings=SMALL)


@pytest.fixture
def postgres(installed: Installation) -> Postgres:
    assert installed.postgres
    return installed.postgres


def ask(postgres: Postgres, statement: str) -> "list[tuple[object, ...]]":
    with psycopg.connect(postgres.url.replace("/tableside?", "/postgres?"), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


# ---- PostgreSQL


def test_what_was_committed_survives_a_kill(folder: DataFolder, postgres: Postgres) -> None:
    # given
    with running(folder, postgres.program()) as server:
        ask(postgres, "CREATE TABLE bills (amount int)")
        ask(postgres, "INSERT INTO bills VALUES (4210)")

        # when
        server.kill()
        server.wait()

    # then
    with running(folder, postgres.program()):
        assert ask(postgres, "SELECT amount FROM bills") == [(4210,)]


def test_a_server_that_was_left_behind_is_ended_first(folder: DataFolder, postgres: Postgres) -> None:
    # given
    with (
        running(folder, postgres.program()) as orphan,
        # when
        running(folder, postgres.program()),
    ):
        # then
        assert orphan.wait(5) == 0
        assert ask(postgres, "SELECT 1") == [(1,)]


def test_a_pid_that_now_belongs_to_somebody_else_keeps_nobody_out(folder: DataFolder, postgres: Postgres) -> None:
    # given
    with running(folder, postgres.program()) as server:
        pid_file = (postgres.data / "postmaster.pid").read_text()
        server.kill()
        server.wait()
    as_account = {} if postgres.account.is_ourselves else {"user": postgres.account.uid, "extra_groups": []}
    stranger = subprocess.Popen(["sleep", "60"], **as_account)
    try:
        (postgres.data / "postmaster.pid").write_text(pid_file.replace(str(server.pid), str(stranger.pid), 1))

        # when
        with running(folder, postgres.program()):
            # then
            assert ask(postgres, "SELECT 1") == [(1,)]
            assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_dead_server_that_nobody_has_buried_keeps_nobody_out(folder: DataFolder, postgres: Postgres) -> None:
    # given
    with running(folder, postgres.program()) as server:
        server.kill()
        os.waitid(os.P_PID, server.pid, os.WEXITED | os.WNOWAIT)

        # when
        with running(folder, postgres.program()):
            # then
            assert ask(postgres, "SELECT 1") == [(1,)]


def test_it_listens_on_its_socket_only(folder: DataFolder, postgres: Postgres) -> None:
    with running(folder, postgres.program()):
        assert ask(postgres, "SHOW listen_addresses") == [("",)]
        assert ask(postgres, "SHOW server_encoding") == [("UTF8",)]
        assert ask(postgres, "SHOW fsync") == [("on",)]
    assert stat.S_IMODE(postgres.sockets.stat().st_mode) == 0o700
    assert stat.S_IMODE(postgres.data.stat().st_mode) == 0o700


def test_the_clusters_account_is_never_root(postgres: Postgres) -> None:
    assert postgres.data.stat().st_uid == postgres.account.uid != 0
    assert postgres.account.is_ourselves is not AS_ROOT


def test_a_half_made_cluster_is_made_anew(folder: DataFolder, postgres: Postgres) -> None:
    # given
    other = Postgres(postgres.install, postgres.data.with_name("other"), postgres.sockets, postgres.account)
    unfinished = other.data.with_name("other.unfinished")
    postgres.account.make_private_folder(unfinished)
    (unfinished / "PG_VERSION").write_text("18\n")

    # when
    other.create_cluster()

    # then
    assert (other.data / "postgresql.conf").exists()
    assert not unfinished.exists()
    shutil.rmtree(other.data)


def test_the_data_of_another_version_is_left_alone_and_named(postgres: Postgres) -> None:
    # given
    version = (postgres.data / "PG_VERSION").read_text()
    (postgres.data / "PG_VERSION").write_text("12\n")

    # when
    with pytest.raises(EmbeddedError) as refused:
        postgres.create_cluster()

    # then
    (postgres.data / "PG_VERSION").write_text(version)
    assert f"was made by PostgreSQL 12, this is {version.strip()}" in str(refused.value)


# ---- Redis


def test_redis_keeps_what_it_was_told(folder: DataFolder, installed: Installation) -> None:
    # given
    assert installed.redis
    with running(folder, installed.redis.program()) as server:
        with redis.Redis.from_url(installed.redis.url) as client:
            client.set("table", "12")
            time.sleep(1.2)  # it syncs its file every second
        server.kill()
        server.wait()

    # when
    with running(folder, installed.redis.program()), redis.Redis.from_url(installed.redis.url) as client:
        # then
        assert client.get("table") == b"12"
        client.delete("table")


# ---- The data folder


def test_a_second_server_of_a_folder_is_refused_by_name(folder: DataFolder) -> None:
    # given
    code = (
        "import sys\nfrom pathlib import Path\nfrom pos.embedded import DataFolder\n"
        "with DataFolder(Path(sys.argv[1])).served():\n    print('served', flush=True)\n    sys.stdin.read()"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", code, str(folder.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_root()
    )
    assert first.stdout
    assert first.stdout.readline() == b"served\n"

    # when
    with pytest.raises(EmbeddedError) as refused, folder.served():
        pass

    # then
    assert str(refused.value).startswith(f"The data folder {folder.path} is served already, by process {first.pid}: ")
    first.communicate()


def _root() -> Path:
    return Path(__file__).parents[2]


def test_services_are_known_while_the_folder_is_served(folder: DataFolder) -> None:
    services = Services(database_url="postgres://tableside@/tableside?host=/x", redis_url=None)
    with folder.served():
        assert folder.running_services() is None
        folder.announce(services)
        assert folder.running_services() == services
        assert stat.S_IMODE(folder.services_file.stat().st_mode) == 0o600
    assert folder.running_services() is None


def test_addresses_of_a_killed_supervisor_are_not_believed(folder: DataFolder) -> None:
    # given
    with folder.served():
        folder.announce(Services(database_url="postgres://old", redis_url="unix:///old"))
        text = folder.services_file.read_text()
    folder.services_file.write_text(text)

    # then
    assert folder.running_services() is None
    with folder.served():
        assert folder.running_services() is None


def test_what_an_earlier_run_left_is_told_from_a_later_process(folder: DataFolder) -> None:
    # given
    sleeper = subprocess.Popen(["sleep", "60"])
    folder.record_processes({"web": sleeper.pid, "gone": 2**22 - 3})

    # then
    assert folder.leftovers() == {"web": sleeper.pid}
    text = folder.processes_file.read_text()
    folder.processes_file.write_text(text.replace(str(start_stamp(sleeper.pid)), "1"))
    assert folder.leftovers() == {}
    sleeper.kill()
    sleeper.wait()
    folder.record_processes({})
    assert folder.leftovers() == {}


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_child_that_outlived_its_part_is_found(folder: DataFolder) -> None:
    # given
    code = "import subprocess; print(subprocess.Popen(['sleep', '60'], stdout=subprocess.DEVNULL).pid)"
    part = subprocess.run([sys.executable, "-c", code], env=os.environ | folder.mark, stdout=subprocess.PIPE)
    child = int(part.stdout)

    # then
    assert folder.leftovers() == {f"process {child}": child}
    assert DataFolder(folder.path.with_name("other")).leftovers() == {}
    os.kill(child, signal.SIGKILL)


def test_the_secret_key_is_made_once_and_private(folder: DataFolder) -> None:
    # given
    assert folder.secret_key() is None

    # when
    folder.make_secret_key()
    key = folder.secret_key()
    folder.make_secret_key()

    # then
    assert folder.secret_key() == key
    assert len(key or "") >= 50
    assert stat.S_IMODE(folder.secret_key_file.stat().st_mode) == 0o600


def test_permissions_that_somebody_chose_stay(tmp_path: Path) -> None:
    # given
    chosen = DataFolder(tmp_path / "mine")
    chosen.path.mkdir(mode=0o700)

    # when
    chosen.make(traversable=True)

    # then
    assert stat.S_IMODE(chosen.path.stat().st_mode) == 0o700


# ---- Where no wheel fits, and where paths are awkward


def test_without_binaries_it_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    monkeypatch.setattr(binaries, "POSTGRES_WHEEL", "no_such_wheel")
    monkeypatch.setattr(binaries, "REDIS_WHEEL", "no_such_wheel")

    # then
    with pytest.raises(EmbeddedError, match="set DATABASE_URL"):
        install(DataFolder(tmp_path), with_postgres=True, with_redis=False)
    with pytest.raises(EmbeddedError, match="set REDIS_URL"):
        install(DataFolder(tmp_path), with_postgres=False, with_redis=True)
    assert list(tmp_path.iterdir()) == []


def test_a_long_path_gets_its_sockets_elsewhere(folder: DataFolder, postgres: Postgres) -> None:
    # given
    deep = folder.path / ("a-rather-long-folder-name-" * 5)
    deep.mkdir(mode=0o711)
    deep.chmod(0o711)

    # when
    first = home._socket_folder(deep, postgres.account)
    second = home._socket_folder(deep, postgres.account)

    # then
    assert not first.exists()
    assert len(str(second / ".s.PGSQL.5432")) <= home.LONGEST_SOCKET_PATH
    assert stat.S_IMODE(second.stat().st_mode) == 0o700
    assert second.stat().st_uid == postgres.account.uid
    second.rmdir()


def test_a_folder_that_waits_for_us_is_not_ours(tmp_path: Path) -> None:
    # given
    account = Account("somebody", os.geteuid(), os.getegid(), is_ourselves=True)
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "link").symlink_to(tmp_path)

    # then
    for name in ("open", "link"):
        with pytest.raises(EmbeddedError, match="is not a private folder"):
            account.make_private_folder(tmp_path / name)


@pytest.mark.skipif(not AS_ROOT, reason="only root runs the services under another account")
def test_a_folder_out_of_the_accounts_reach_has_its_data_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    far = Path(tempfile.mkdtemp(prefix="tableside-far-"))
    far.chmod(0o711)
    monkeypatch.setattr(home, "FAR_HOMES", far)
    closed = DataFolder(tmp_path / "closed" / "var")
    closed.path.parent.mkdir(mode=0o700)
    closed.make(traversable=True)

    # when
    installed = install(closed, with_postgres=True, with_redis=True, postgres_settings=SMALL)

    # then
    assert installed.postgres
    assert installed.redis
    assert installed.postgres.data.is_relative_to(far)
    assert installed.redis.data.is_relative_to(far)
    with running(closed, installed.postgres.program()), running(closed, installed.redis.program()):
        assert ask(installed.postgres, "SELECT 1") == [(1,)]
    assert stat.S_IMODE(closed.path.parent.stat().st_mode) == 0o700
    (made,) = far.iterdir()
    assert (stat.S_IMODE(made.stat().st_mode), made.stat().st_uid) == (0o711, 0)

    # and somebody else's folder under that name is refused
    os.chown(made, installed.postgres.account.uid, -1)
    with pytest.raises(EmbeddedError, match="is not our own folder"):
        install(closed, with_postgres=True, with_redis=True)
    shutil.rmtree(far)


@pytest.mark.skipif(not AS_ROOT, reason="only root runs the services under another account")
def test_binaries_out_of_reach_are_copied_and_run(folder: DataFolder, postgres: Postgres, tmp_path: Path) -> None:
    # given
    package = binaries.find_postgres().parent
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for folder_name in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.parent / folder_name, closed / folder_name)
    program = closed / package.name / postgres.install.name / "bin/initdb"

    # when
    reached = binaries.within_reach(program, wheel=binaries.POSTGRES_WHEEL, account=postgres.account, home=folder.path)

    # then
    assert reached.is_relative_to(folder.path)
    assert stat.S_IMODE(reached.stat().st_mode) == 0o755
    asked = subprocess.run([reached, "--version"], user=postgres.account.uid, extra_groups=[], capture_output=True)
    assert asked.stdout.startswith(b"initdb (PostgreSQL) ")
    shutil.rmtree(reached.parents[3])


def test_a_signal_to_nobody_is_no_error() -> None:
    signal_group(2**22 - 3, signal.SIGTERM)
