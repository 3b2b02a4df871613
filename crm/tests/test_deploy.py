"""What deploy/ hands to a server is sound: units, environment files, the proxy (D15)."""

import os
import re
import secrets
import shutil
import subprocess

import pytest

from archive.uploads import MAX_REQUEST
from crm.places import ROOT
from crm.tests.test_production import outside, python

__all__ = ["outside"]
DEPLOY = ROOT / "deploy"
UNITS = sorted(path.name for path in (DEPLOY / "systemd").iterdir())
SERVICES = [name for name in UNITS if name.endswith(".service")]
HOME = "/srv/kedang"


@pytest.fixture
def units(tmp_path):
    """The units as they would stand on a server whose folder is this one."""
    for name in UNITS:
        text = (DEPLOY / "systemd" / name).read_text()
        (tmp_path / name).write_text(text.replace(HOME, str(ROOT)))
    return tmp_path


def systemd(folder, *words):
    tool = shutil.which("systemd-analyze")
    assert tool, "install the package systemd: .ci/run does"
    return subprocess.run(  # noqa: S603
        [tool, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


def values_of(name):
    """NAME → value of an environment file, as systemd reads it."""
    lines = (DEPLOY / name).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def line_of(unit, key):
    text = (DEPLOY / "systemd" / unit).read_text()
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


def test_systemd_finds_nothing_wrong_with_the_units(units):
    done = systemd(units, "verify", "--man=no", *(f"./{name}" for name in UNITS))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_systemd_would_find_a_broken_unit(units):
    """The negative control: a program that is not there."""
    worker = units / "kedang-worker.service"
    worker.write_text(worker.read_text().replace("/celery", "/no-celery"))
    done = systemd(units, "verify", "--man=no", "./kedang-worker.service")
    assert "no-celery" in done.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_that_is_broken_into_can_do_little(units, name):
    """systemd's own score, 0 to 100; without any of the lines it is above 90."""
    done = systemd(units, "security", "--offline=true", "--threshold=20", "--no-pager", name)
    assert done.returncode == 0, done.stdout


def test_the_three_services_are_one_target_and_run_what_the_runbook_says():
    assert SERVICES == ["kedang-beat.service", "kedang-web.service", "kedang-worker.service"]
    (wanted,) = line_of("kedang.target", "Wants")
    assert sorted(wanted.split()) == SERVICES
    for name in SERVICES:
        assert line_of(name, "User") == ["kedang"]
        assert line_of(name, "EnvironmentFile") == ["/etc/kedang/kedang.env"]
        assert line_of(name, "PartOf") == ["kedang.target"]
        assert line_of(name, "StateDirectory") == ["kedang"]


def test_every_name_in_the_environment_files_is_one_the_program_reads():
    known = set(re.findall(r"^#? ?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert set(values_of("kedang.env.example")) <= known
    assert set(values_of("owner.env.example")) == {"DATABASE_OWNER_URL"}


def test_the_services_never_learn_the_owners_password():
    """D1: the role that may change tables stands in a file of its own, and no unit names it."""
    assert "DATABASE_OWNER_URL" not in values_of("kedang.env.example")
    assert not any("owner.env" in (DEPLOY / "systemd" / name).read_text() for name in UNITS)
    first = (DEPLOY / "owner.env.example").read_text().splitlines()[0]
    assert "0600 -o root" in first


@pytest.mark.slow
def test_production_starts_with_the_example_filled_in_and_not_before(outside, tmp_path):
    """D15."""
    example = values_of("kedang.env.example")
    base = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    unfilled = python(base | example, "manage.py", "check")
    assert unfilled.returncode == 1
    assert "SECRET_KEY is not set" in unfilled.stderr
    filled = example | {
        "SECRET_KEY": secrets.token_urlsafe(64),
        "KEDANG_KEYRING": outside["KEDANG_KEYRING"],
        "DATABASE_URL": example["DATABASE_URL"].replace("PASSWORD", "geheim"),
        "KEDANG_VAR": str(tmp_path),
    }
    done = python(base | filled, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_an_empty_name_means_the_default(outside):
    """`KEDANG_VAR=` of an environment file is no folder called nothing."""
    show = "from django.conf import settings; print(settings.VAR_DIR)"
    done = python(outside | {"KEDANG_VAR": "", "REDIS_URL": "redis://none:1"}, "-c", show)
    assert done.stdout.strip() == str(ROOT / "var"), done.stderr


def test_the_operators_script_is_sound_shell():
    done = subprocess.run(  # noqa: S603
        ["sh", "-n", str(DEPLOY / "manage.sh")],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


# --- the proxy


@pytest.fixture
def proxy():
    folder = DEPLOY / "nginx"
    return "".join((folder / name).read_text() for name in ("kedang.conf", "kedang_proxy.conf"))


def said(text, directive):
    return re.findall(rf"^\s*{directive}\s+(.*);$", text, re.MULTILINE)


def test_the_proxy_lets_the_largest_file_through_and_waits_for_the_programs_own_answer(proxy):
    (limit,) = said(proxy, "client_max_body_size")
    assert int(limit.removesuffix("m")) * 2**20 >= MAX_REQUEST
    (start,) = line_of("kedang-web.service", "ExecStart")
    (patience,) = re.findall(r"--timeout (\d+)", start)
    (waits,) = said(proxy, "proxy_read_timeout")
    assert int(waits.removesuffix("s")) > int(patience)
    (address,) = re.findall(r"--bind (\S+)", start)
    assert f"server {address} " in proxy


def test_the_proxy_appends_and_sets_what_the_program_believes(proxy):
    headers = dict(value.split(None, 1) for value in said(proxy, "proxy_set_header"))
    assert headers["X-Forwarded-For"] == "$proxy_add_x_forwarded_for"
    assert headers["X-Forwarded-Proto"] == "$scheme"
    assert headers["Host"] == "$host"
    assert values_of("kedang.env.example")["KEDANG_PROXY_COUNT"] == "1"


def test_the_proxy_speaks_tls_and_hands_out_static_files_from_where_they_are_made(proxy):
    assert said(proxy, "ssl_protocols") == ["TLSv1.2 TLSv1.3"]
    assert said(proxy, "return") == ["301 https://$host$request_uri"]
    var = values_of("kedang.env.example")["KEDANG_VAR"]
    assert said(proxy, "alias") == [f"{var}/static/"]
    assert proxy.count("{") == proxy.count("}")
