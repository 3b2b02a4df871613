"""What each door puts into the environment before Django loads."""

import base64
import json
import multiprocessing
import os
import stat
from concurrent.futures import ProcessPoolExecutor

import pytest

from crm import launch


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """An environment in which nothing is set but the place."""
    for name in ("DATABASE_OWNER_URL", "SECRET_KEY", "KEDANG_KEYRING"):
        monkeypatch.setenv(name, "")  # so that what the code sets is undone
        monkeypatch.delenv(name)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", launch.DEVELOPMENT)
    monkeypatch.setenv("DATABASE_URL", "postgres://app@else/where")
    monkeypatch.setenv("KEDANG_VAR", str(tmp_path / "var"))
    return tmp_path / "var"


def read_keys(_number=0):
    launch.ensure_keys()
    return os.environ["SECRET_KEY"], os.environ["KEDANG_KEYRING"]


def test_keys_are_made_once_and_only_their_owner_reads_them(bare):
    launch.prepare()

    ring = json.loads((bare / "keyring.json").read_text())
    assert set(ring) == {"active", "keys", "blind"}
    assert ring["active"] == "k1"
    assert list(ring["keys"]) == ["k1"]
    assert len(base64.b64decode(ring["keys"]["k1"], validate=True)) == 32
    assert len(base64.b64decode(ring["blind"], validate=True)) == 32
    assert ring["blind"] != ring["keys"]["k1"]
    assert len(os.environ["SECRET_KEY"]) >= 80
    assert os.environ["KEDANG_KEYRING"] == str(bare / "keyring.json")
    assert {
        stat.S_IMODE((bare / name).stat().st_mode) for name in ("secret_key", "keyring.json")
    } == {0o600}
    before = (bare / "secret_key").read_text(), ring

    launch.prepare()

    assert ((bare / "secret_key").read_text(), json.loads((bare / "keyring.json").read_text())) == (
        before
    )


@pytest.mark.slow
def test_processes_that_start_at_once_read_the_same_keys(bare):
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("fork")) as pool:
        told = set(pool.map(read_keys, range(8)))

    assert told == {((bare / "secret_key").read_text(), str(bare / "keyring.json"))}


def test_without_redis_the_broker_is_three_folders(bare, monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://else/0")
    launch.prepare()
    assert not (bare / "broker").exists()

    monkeypatch.delenv("REDIS_URL")
    launch.prepare()

    assert {path.name for path in (bare / "broker").iterdir()} == {"queue", "control", "processed"}


def test_keys_that_are_set_are_kept(bare, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "given")
    monkeypatch.setenv("KEDANG_KEYRING", "/given/keyring.json")
    launch.prepare()
    assert os.environ["SECRET_KEY"] == "given"
    assert os.environ["KEDANG_KEYRING"] == "/given/keyring.json"


def test_the_owner_gets_the_owners_address(bare, monkeypatch):
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgres://owner@else/where")
    launch.prepare("app")
    assert os.environ["DATABASE_URL"] == "postgres://app@else/where"
    launch.prepare("owner")
    assert os.environ["DATABASE_URL"] == "postgres://owner@else/where"


def test_production_gets_no_made_up_key_and_no_built_in_database(bare, monkeypatch):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "crm.settings.prod")
    monkeypatch.setenv("DATABASE_URL", "")

    launch.prepare("app")
    launch.prepare("owner")

    # Only the folders through which worker and web talk without Redis (D2).
    assert [path.name for path in bare.iterdir()] == ["broker"]
    assert os.environ["DATABASE_URL"] == ""
    assert "SECRET_KEY" not in os.environ
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgres://owner@else/where")
    launch.prepare("owner")
    assert os.environ["DATABASE_URL"] == "postgres://owner@else/where"


def test_what_hinders_the_start_is_said_without_a_traceback(bare, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("KEDANG_VAR", "/" + "d" * 1000)
    with pytest.raises(SystemExit, match="longer than PostgreSQL can take"):
        launch.prepare()
