"""House rules a linter cannot say. Each failure names the file and the way out."""

import ast
import importlib
import inspect
import pkgutil
import re

import grimp
import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader
from django.urls import reverse

from crm import policy
from crm.approvals.choices import SIGN_PAGES
from crm.beat import TIMETABLE
from crm.core.errors import DomainError
from crm.outbox.choices import ROUTES, WORDING, Topic

ROOMS = ["crm", "logistics", "customers", "archive", "onboarding"]
FULL_ROOMS = [
    "crm.core",
    "crm.identity",
    "crm.outbox",
    "crm.approvals",
    "crm.imports",
    "logistics",
    "customers",
    "archive",
    "onboarding",
]
PRIVATE = {"views", "forms", "tasks", "admin", "urls", "api"}
WIRING = {"crm.urls", "crm.api"}
SHELF = 400
BAD_NAMES = {"utils.py", "helpers.py", "common.py", "misc.py"}
ROOT = settings.BASE_DIR


def room_of(module):
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "crm" else parts[0]


def sources():
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def production():
    return [path for path in sources() if "tests" not in path.parts]


def test_private_modules_stay_in_their_room():
    graph = grimp.build_graph(*ROOMS, exclude_type_checking_imports=True)
    leaks = [
        f"{importer} imports {module}"
        for module in sorted(graph.modules)
        if module.split(".")[-1] in PRIVATE and room_of(module) != "crm.core"
        for importer in graph.find_modules_that_directly_import(module)
        if room_of(importer) != room_of(module)
        and importer not in WIRING
        and ".tests." not in importer
    ]
    assert not leaks, "\n".join(leaks)


def test_every_route_names_its_right():
    bare = [line.route for line in policy.routes() if not line.rules]
    assert not bare, bare


def test_the_printed_permissions_are_true():
    page = ROOT / "docs" / "permissions.md"
    assert page.read_text() == policy.printed(), "run `manage.py print_permissions`"


@pytest.mark.parametrize("name", sorted(set(SIGN_PAGES.values())))
def test_every_sign_page_exists(name):
    assert reverse(name, args=[1])


def test_no_file_outgrows_its_shelf():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources()
        if (lines := path.read_text().count("\n")) > SHELF
    }
    assert not long, f"split by noun: {long}"


def test_no_file_is_a_drawer_for_everything():
    assert not [str(path) for path in sources() if path.name in BAD_NAMES]


def service_functions():
    for room in FULL_ROOMS:
        package = importlib.import_module(f"{room}.services")
        modules = [package]
        modules += [
            importlib.import_module(f"{package.__name__}.{child.name}")
            for child in pkgutil.iter_modules(getattr(package, "__path__", []))
            if not child.name.startswith("_")  # what only the services beside it call
        ]
        for module in modules:
            for title, function in inspect.getmembers(module, inspect.isfunction):
                if inspect.unwrap(function).__module__ == module.__name__ and title[0] != "_":
                    yield pytest.param(function, id=f"{module.__name__}.{title}")


@pytest.mark.parametrize("function", list(service_functions()))
def test_services_are_keyword_only_and_documented(function):
    kinds = {p.kind for p in inspect.signature(function).parameters.values()}
    assert kinds <= {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD}
    assert function.__doc__


def test_error_codes_are_unique():
    def below(kind):
        for child in kind.__subclasses__():
            yield child
            yield from below(child)

    codes = [kind.code for kind in below(DomainError)]
    assert len(codes) == len(set(codes)), codes


def test_tables_are_complete():
    assert set(ROUTES) == set(Topic)
    assert set(WORDING) == set(Topic)


def test_beat_names_exist():
    missing = {entry["task"] for entry in TIMETABLE.values()} - set(current_app.tasks)
    assert not missing


GOVERNED = {model.__name__ for model in apps.get_models() if hasattr(model, "history")}
BARE_WRITE = re.compile(
    r"\b("
    + "|".join(sorted(GOVERNED))
    + r")\.objects\b[^\n]*\.(update|create|bulk_create|bulk_update)\("
)


def test_governed_rows_are_saved_by_save_as_and_nowhere_else():
    """Rule 11: a bare write on a model with history is an error."""
    found = [
        f"{path.relative_to(ROOT)}: {match.group(0)}"
        for path in production()
        for match in BARE_WRITE.finditer(path.read_text())
    ]
    assert not found, "\n".join(found)


def test_nothing_reads_the_environment_but_the_settings():
    """Part 10: settings/env.py reads it; the launchers put DATABASE_URL there before Django."""
    allowed = {"crm/settings/env.py", "crm/embedded.py", "crm/launch.py", "crm/places.py"}
    allowed |= {
        "crm/postgres.py",
        "crm/supervisor.py",
        "crm/celery.py",
        "crm/wsgi.py",
        "crm/asgi.py",
    }
    found = [
        str(path.relative_to(ROOT))
        for path in production()
        if str(path.relative_to(ROOT)) not in allowed
        and "demo" not in path.parts  # the story starts processes of its own
        and "os.environ" in path.read_text()
    ]
    assert not found


DANGEROUS = re.compile(
    r"\.raw\(|\.extra\(|RawSQL\(|cursor\.execute\(f|\*\*request\.|mark_safe\(|\beval\("
)


OURS = {("icons.py", "mark_safe("), ("paging.py", "RawSQL(")}
"""Icons of the wheel; statements that Django built, their values beside them."""


def test_no_sql_or_markup_is_built_from_what_people_type():
    """SEC-01 to SEC-03; trust finding 8."""
    found = [
        f"{path.relative_to(ROOT)}: {match.group(0)}"
        for path in production()
        for match in DANGEROUS.finditer(path.read_text())
        if (path.name, match.group(0)) not in OURS
    ]
    assert not found, "\n".join(found)


def test_serializers_name_their_fields():
    """SEC-36."""
    assert not [path for path in production() if 'fields = "__all__"' in path.read_text()]


def test_the_database_is_not_left_broken_inside_a_transaction():
    """Rule 7: a database error is caught around an inner `atomic`, never inside the outer one."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in production()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Try) and _catches_database(node) and not _atomic_inside(node)
    ]
    known = {"crm/health.py", "crm/core/http.py"}  # nothing is written there
    assert not [entry for entry in found if entry.partition(":")[0] not in known], found


def _catches_database(node):
    names = {
        name.id
        for handler in node.handlers
        if handler.type is not None
        for name in ast.walk(handler.type)
        if isinstance(name, ast.Name)
    }
    return bool(names & {"IntegrityError", "DatabaseError", "InternalError"})


def _atomic_inside(node):
    return any(
        isinstance(inner, ast.Attribute) and inner.attr == "atomic"
        for statement in node.body
        for inner in ast.walk(statement)
    )


def test_migrations_are_linear():
    """One head a room (part 10)."""
    loader = MigrationLoader(None)
    for room in FULL_ROOMS:
        label = room.rpartition(".")[2]
        assert len(loader.graph.leaf_nodes(label)) == 1, label
