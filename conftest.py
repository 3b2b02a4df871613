"""The test session's database, and what all tests share."""

import io
import os
import time

import django
import pytest
from django.conf import settings
from django.core.cache import caches
from django.core.management.commands import flush
from django.db import connection, transaction
from django.db.migrations.state import ProjectState
from hypothesis import settings as hypothesis_settings

os.environ["DJANGO_SETTINGS_MODULE"] = "crm.settings.test"  # before anything of ours is imported

from crm.launch import prepare

# --- the database: DATABASE_URL, else the built-in one as its owner; KEDANG_TEST_DB names the
# test database. Django loads after that: pytest.ini names no settings module, because
# pytest-django would read it before this file.
prepare("owner")
django.setup()

IS_SOAK = os.environ.get("KEDANG_SOAK") == "1"

# Drawn examples are the same at every check; the soak draws anew.
hypothesis_settings.register_profile("check", derandomize=True, deadline=None)
if not IS_SOAK:
    hypothesis_settings.load_profile("check")

# --- fixtures for all rooms stand below this line

from crm.core.request import Seen, remember_request  # noqa: E402
from crm.reference import load_reference  # noqa: E402  (Django is set up above)

REST = 30  # seconds that others have to end their transactions before a flush
FRAMEWORK = ("django_content_type", "auth_permission", "django_migrations")
KEPT: dict[str, str] = {}  # reference data that every test may count on: table -> its rows


def _wait_for_rest():
    """Wait until no other session is inside a transaction of this database.

    The live server may still answer a browser that is closed already: emptying the tables under
    such an answer is a deadlock, which one of the two loses.
    """
    end = time.monotonic() + REST
    while time.monotonic() < end:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
                " AND backend_type = 'client backend'"
            )
            if not cursor.fetchone()[0]:
                return
        time.sleep(0.02)


def _filled(cursor, tables):
    """Those of `tables` that hold a row, by one statement."""
    cursor.execute(
        " UNION ALL ".join(f"(SELECT '{table}' FROM \"{table}\" LIMIT 1)" for table in tables)  # noqa: S608
    )
    return [table for (table,) in cursor.fetchall()]


def _rows(cursor, table):
    """All rows of a table as COPY writes them."""
    text = io.StringIO()
    cursor.copy_expert(f'COPY (TABLE "{table}" ORDER BY 1) TO STDOUT', text)
    return text.getvalue()


def _keep_reference():
    """Remember what every test finds when it begins."""
    with connection.cursor() as cursor:
        filled = set(_filled(cursor, connection.introspection.table_names(cursor)))
        KEPT.update({table: _rows(cursor, table) for table in filled.difference(FRAMEWORK)})


def _put_back(cursor, table, rows):
    """Make one reference table what it was, if a test changed it."""
    if _rows(cursor, table) != rows:
        cursor.execute(f'DELETE FROM "{table}"')  # noqa: S608
        cursor.copy_expert(f'COPY "{table}" FROM STDIN', io.StringIO(rows))


def _flush(self, **options):
    """Bring the database back to what a test begins with, after a transactional one.

    Emptying the few tables that hold rows takes milliseconds; Django's own TRUNCATE of all of them
    makes a new file for each table and index, which took seconds. Triggers rest meanwhile:
    append-only tables refuse to be emptied by anybody (design part 10).
    """
    _wait_for_rest()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        names = set(connection.introspection.table_names(cursor))
        for table in _filled(cursor, names - {*KEPT, *FRAMEWORK}):
            cursor.execute(f'DELETE FROM "{table}"')  # noqa: S608
        for table, rows in KEPT.items():
            _put_back(cursor, table, rows)


flush.Command.handle = _flush


def _append_option(self, app_label, model_name, option_name, obj):
    """Add an index or constraint to a model of a migration's state, without Django's re-rendering.

    Django builds the model and all that are tied to it anew each time, though only this list
    changes: more than half of the time that making the test database took.
    """
    state = self.models[app_label, model_name]
    state.options[option_name] = [*state.options[option_name], obj]
    if "apps" in self.__dict__:
        model = self.apps.get_model(app_label, model_name)
        setattr(model._meta, option_name, state.options[option_name])


ProjectState._append_option = _append_option  # noqa: SLF001


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Reference data once a session, over whatever a killed session left behind."""
    with django_db_blocker.unblock():
        _flush(None)
        load_reference()
        _keep_reference()


def pytest_collection_modifyitems(items):
    """A browser or a program of its own may lose against a busy machine once: such a test gets a
    second try, which the summary names. All others have one, and in the soak all.
    """
    if IS_SOAK:
        return
    for item in items:
        if any(item.get_closest_marker(name) for name in ("e2e", "services", "processes")):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(autouse=True)
def _fresh_counters():
    """Throttles and caches start at nil in every test, and no request is under way."""
    remember_request(Seen())
    for name in settings.CACHES:
        caches[name].clear()
