"""`manage.py doctor`: each check is fit where it should be, and says what is wrong where not (D1,
D15, RF-60)."""

import json
import shutil
from collections import namedtuple
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from celery import current_app
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerAway

from archive import checks as printing
from crm import doctor
from crm.core.models import CLOCK
from crm.core.services.jobs import record_heartbeat
from crm.demo import bureau
from crm.doctor import CHECKS, database, examine
from crm.identity.models import RoleRight
from crm.identity.tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db
Usage = namedtuple("Usage", "total used free")
FIT = {
    "DEBUG": False,
    "KEDANG_DEMO": False,
    "SECRET_KEY": "k" * 50,
    "ALLOWED_HOSTS": ["kedang.test"],
    "SESSION_COOKIE_SECURE": True,
    "SECURE_SSL_REDIRECT": True,
}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    tmp_path.chmod(0o750)
    return tmp_path


def look(name):
    (check,) = [check for check in CHECKS if check.name == name]
    return examine(check)


def is_fit(name):
    found = look(name)
    assert (found.fit, found.mend) == (True, ""), found
    return found.text


def is_sick(name):
    """The text and the mend of a check that must fail."""
    found = look(name)
    assert not found.fit
    assert found.mend
    return found.text, found.mend


def sql(text):
    with connection.cursor() as cursor:
        cursor.execute(text)


def test_settings_fit_for_production(settings):
    for name, value in FIT.items():
        setattr(settings, name, value)
    is_fit("settings")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", True),
        ("KEDANG_DEMO", True),
        ("SECRET_KEY", "short"),
        ("ALLOWED_HOSTS", ["*"]),
        ("ALLOWED_HOSTS", []),
        ("SESSION_COOKIE_SECURE", False),
        ("SECURE_SSL_REDIRECT", False),
    ],
)
def test_each_setting_that_is_unfit_is_named(settings, name, value):
    """D15."""
    for fit_name, fit_value in FIT.items():
        setattr(settings, fit_name, fit_value)
    setattr(settings, name, value)
    assert is_sick("settings")[0] == f"不适合正式运行：{name}"


def test_a_database_that_is_too_old(monkeypatch):
    assert is_fit("version").startswith("PostgreSQL 1")
    monkeypatch.setattr(database, "OLDEST", 990000)
    assert "过旧" in is_sick("version")[0]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("'LATIN1', 'C', NULL, NULL", "数据库编码为 LATIN1"),
        ("'UTF8', 'zh_CN', '2.31', '2.36'", "由 2.31 变为 2.36"),
    ],
)
def test_a_wrong_encoding_and_a_changed_order_of_texts(monkeypatch, row, told):
    assert is_fit("locale").startswith("UTF8 ")
    monkeypatch.setattr(database, "_LOCALE", f"SELECT {row}")
    assert told in is_sick("locale")[0]


def test_the_owner_of_the_tables_is_no_account_for_the_web():
    """D1: the tests run as the owner, which is what must be refused."""
    text, mend = is_sick("role")
    assert "OWNER" in text
    assert "kedang_app" in mend


def test_a_role_without_powers_is_fit():
    """A role that every PostgreSQL has and that owns nothing."""
    assert database.powers_of("pg_signal_backend") == []


def test_a_migration_that_was_not_run():
    is_fit("migrations")
    sql("DELETE FROM django_migrations WHERE app = 'outbox' AND name LIKE '0003%'")
    assert "outbox.0003" in is_sick("migrations")[0]


def test_reference_data_that_is_missing():
    is_fit("reference")
    RoleRight.objects.all().delete()
    assert is_sick("reference")[0] == "缺少基础数据：权限"


def test_a_database_with_the_demo_in_it():
    """D15."""
    is_fit("demo")
    OrganisationFactory(code=bureau.CODE)
    assert "演示数据" in is_sick("demo")[0]


def test_operators_that_shadow_the_built_in_ones_are_refused_by_name():
    """The extension itself where the server has it, else an operator just like its own."""
    is_fit("intarray")
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        (may_install,) = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'intarray'")
        (is_there,) = cursor.fetchone()
    if may_install and is_there:
        sql("CREATE EXTENSION intarray")
        name = "扩展 intarray"
    else:
        sql(
            "CREATE FUNCTION holds(int[], int[]) RETURNS boolean LANGUAGE sql IMMUTABLE"
            " AS 'SELECT $1 OPERATOR(pg_catalog.@>) $2'"
        )
        sql("CREATE OPERATOR public.@> (LEFTARG = int[], RIGHTARG = int[], FUNCTION = holds)")
        name = "模式 public"
    text, mend = is_sick("intarray")
    assert text.startswith(f"{name} 的整数数组运算符")
    assert "DROP EXTENSION intarray" in mend


def test_an_index_left_half_built():
    is_fit("indexes")
    sql("CREATE TABLE halves (a int) PARTITION BY RANGE (a)")
    sql("CREATE TABLE half PARTITION OF halves FOR VALUES FROM (0) TO (9)")
    sql("CREATE INDEX half_built ON ONLY halves (a)")
    assert is_sick("indexes")[0] == "索引无效：half_built"


def test_a_search_index_with_too_much_not_sorted_in(monkeypatch):
    is_fit("gin")
    monkeypatch.setattr(database, "GIN_WAITING", -1)
    text, mend = is_sick("gin")
    assert "customers_customer" in text
    assert "VACUUM" in mend


def test_a_broker_that_is_away(monkeypatch):
    is_fit("broker")

    def refuse(*_args, **_kwargs):
        raise BrokerAway("no broker")

    monkeypatch.setattr(current_app, "connection_for_write", refuse)
    assert is_sick("broker")[0] == "消息队列不应答"


def test_a_cache_that_forgets(settings):
    is_fit("cache")
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    assert is_sick("cache")[0] == "缓存写入后读不回来"


@pytest.mark.parametrize(("check", "name"), [("worker", "worker@one"), ("beat", CLOCK)])
def test_a_process_without_a_pulse(check, name):
    """RF-60."""
    assert f"kedang-{check}" in is_sick(check)[1]
    record_heartbeat(name=name)
    is_fit(check)


def test_a_ring_that_others_can_read_is_the_tests_own_or_is_missing(settings, folder):
    tests_own = settings.KEDANG_KEYRING_FILE
    ring = folder / "ring.json"
    shutil.copy(tests_own, ring)
    settings.KEDANG_KEYRING_FILE = str(ring)
    ring.chmod(0o600)
    assert "有效密钥" in is_fit("keys")
    ring.chmod(0o640)
    assert is_sick("keys") == (f"密钥环他人可读：{ring} 0640", f"chmod 600 {ring}")
    settings.KEDANG_KEYRING_FILE = str(folder / "none.json")
    assert "cannot be read" in is_sick("keys")[0]
    settings.KEDANG_KEYRING_FILE = str(settings.BASE_DIR / "crm/core/tests/keyring.json")
    assert "测试密钥" in is_sick("keys")[0]


def test_a_folder_that_others_may_write_or_that_is_missing(settings, folder):
    is_fit("folder")
    folder.chmod(0o777)
    assert is_sick("folder")[0] == f"数据目录他人可写：{folder} 0777"
    settings.VAR_DIR = folder / "none"
    assert "不存在" in is_sick("folder")[0]


def test_a_disk_that_is_full(monkeypatch):
    is_fit("disk")
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: Usage(10**12, 0, 0))
    assert "200 MB" in is_sick("disk")[0]


def test_a_clock_that_is_wrong_and_a_foreign_zone(settings):
    is_fit("clock")
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        assert "相差 3600 秒" in is_sick("clock")[0]
    settings.TIME_ZONE = "UTC"
    assert is_sick("clock")[0] == "时区为 UTC"


def test_a_machine_that_cannot_print_chinese(monkeypatch):
    is_fit("fonts")
    monkeypatch.setattr(printing, "find_library", lambda _name: None)
    text, mend = is_sick("fonts")
    assert "Pango" in text
    assert "fonts-wqy-zenhei" in mend


def test_static_files_that_were_not_collected(settings, folder):
    is_fit("static")
    settings.STATIC_ROOT = folder / "static"
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    assert "collectstatic" in is_sick("static")[1]


def test_a_database_that_is_away_is_a_finding_not_a_crash(monkeypatch):
    def away(*_args, **_kwargs):
        raise OperationalError("server closed the connection\nmore")

    monkeypatch.setattr(connection, "cursor", away)
    found = look("version")
    assert (found.fit, found.text) == (False, "server closed the connection")
    assert "DATABASE_URL" in found.mend


def run(*words):
    out = StringIO()
    try:
        call_command("doctor", *words, stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def test_the_command_prints_one_line_a_check_and_ends_with_one():
    code, text = run()
    lines = text.splitlines()
    assert (code, len(lines)) == (1, len(CHECKS))
    (worker,) = [line for line in lines if "后台进程" in line]
    assert worker == (
        "✘ 后台进程：两分钟内没有后台进程的心跳；处理：systemctl restart kedang-worker"
    )
    assert sum(line.startswith("✔ ") for line in lines) > 5


def test_programs_get_json_and_a_fit_house_ends_with_nought(monkeypatch):
    record_heartbeat(name="worker@one")
    sound = [check for check in CHECKS if check.name in {"version", "worker"}]
    monkeypatch.setattr(doctor, "CHECKS", sound)
    code, text = run("--json")
    told = json.loads(text)
    assert code == 0
    assert [(row["check"], row["fit"], row["mend"]) for row in told] == [
        ("version", True, ""),
        ("worker", True, ""),
    ]
