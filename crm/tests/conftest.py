"""A place of its own for tests that start servers."""

import shutil
import tempfile
from pathlib import Path

import pytest

from crm import postgres


@pytest.fixture
def house():
    """A folder that everybody may enter: pytest's own is root's alone."""
    folder = Path(tempfile.mkdtemp(prefix="kedang-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def place(house, monkeypatch):
    """A var/ that does not exist yet; a database started in it is ended."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("DATABASE_OWNER_URL", raising=False)
    monkeypatch.setenv("KEDANG_VAR", str(house / "var"))
    yield house / "var"
    monkeypatch.setenv("KEDANG_VAR", str(house / "var"))
    postgres.end_server(seconds=20)
