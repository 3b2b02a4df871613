"""Two installations: one on the server of DATABASE_URL, one whose PostgreSQL may be crashed."""

import shutil
import tempfile
from pathlib import Path

import pytest

from crm.outbox.tests.receiver import receiving
from crm.tests.services.servers import BorrowedServer, OwnServer
from crm.tests.services.site import TIMES, Site


@pytest.fixture(scope="package")
def wide():
    """A folder that everybody may enter, the database's account too."""
    folder = Path(tempfile.mkdtemp(prefix="kedang-services-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="package")
def zm():
    """The licensing system, which is told of every approved form."""
    with receiving() as running:
        yield running


@pytest.fixture(scope="package")
def em():
    """The order system, which is told base data."""
    with receiving() as running:
        yield running


@pytest.fixture(scope="package")
def site(wide, zm, em):
    """Web and worker; the clock is started by the tests that need it."""
    folder = wide / "site"
    folder.mkdir()
    site = Site(folder, BorrowedServer())
    try:
        site.build(forms=2 * TIMES + 15, receivers={"zm": zm.url, "em": em.url})
        zm.secret, em.secret = site.told["secrets"]["zm"], site.told["secrets"]["em"]
        site.start_web()
        site.start_worker()
        yield site
    finally:
        site.end()


@pytest.fixture(scope="package")
def fragile(wide, site):
    """A copy of it with a PostgreSQL of its own."""
    folder = wide / "fragile"
    folder.mkdir()
    folder.chmod(0o755)
    copy = Site(folder, OwnServer(folder))
    try:
        copy.copy(site)
        copy.start_web()
        copy.start_worker()
        yield copy
    finally:
        copy.end()


@pytest.fixture
def clock(site):
    """Call it to start beat; it ends with the test."""
    yield site.start_beat
    if "beat" in site.running:
        site.stop("beat")
