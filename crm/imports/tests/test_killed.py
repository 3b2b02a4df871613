"""RF-47, RF-48: a worker killed at any moment costs nothing, and nothing is written twice."""

import io
import os
import random
import subprocess
import sys
import time

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection
from django.utils import timezone
from openpyxl import load_workbook

from crm.core.models import JobRun, JobStatus
from crm.imports.access import batches_for
from crm.imports.selectors import same_file_before
from crm.imports.services import cancel_batch, commit_batch, resume_batch
from crm.imports.services.workbooks import error_workbook
from crm.imports.tests.office import BRANCH, FIRMS, HEAD, Office, imported, released, workbook
from logistics.importing import LOGISTICS
from logistics.models import LogisticsFirm

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
WORKER = """
import django; django.setup()
from crm.imports.services.committing import commit_batch
from logistics.importing import LOGISTICS
import sys
commit_batch(job=int(sys.argv[1]), kind=LOGISTICS, size=int(sys.argv[2]))
"""
SOAK = bool(os.environ.get("KEDANG_SOAK"))
KILLS, ROWS, SLICE = (20, 50_000, 1_000) if SOAK else (3, 400, 20)
WRONG = 50
"""Every so many rows lack an address."""


def start(job):
    parts = connection.settings_dict
    host = f"{parts['HOST']}:{parts['PORT'] or 5432}"
    url = f"postgres://{parts['USER']}:{parts['PASSWORD']}@{host}/{parts['NAME']}"
    env = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "crm.settings.test"}
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", WORKER, str(job), str(SLICE)], cwd=settings.BASE_DIR, env=env
    )


def free_lease(job):
    """As if the ten minutes of the dead worker's lease had passed."""
    JobRun.objects.filter(pk=job, status=JobStatus.RUNNING).update(lease_until=timezone.now())


@pytest.fixture
def no_worker(settings, tmp_path):
    """Nothing runs by itself: the test starts and kills the workers."""
    settings.MEDIA_ROOT = tmp_path
    before = current_app.conf.task_always_eager
    current_app.conf.task_always_eager = False
    yield
    current_app.conf.task_always_eager = before


def firms():
    """A head office and its branches, some of them without an address."""
    rows = [HEAD]
    for number in range(ROWS):
        town = f"城{number}"
        address = "" if number % WRONG == WRONG - 1 else BRANCH[4]
        rows.append([BRANCH[0], f"金达莱-{town}", BRANCH[2], town, address, *BRANCH[5:]])
    return workbook(FIRMS, rows, "物流公司")


def refused_cells(batch, by):
    """What the error workbook says."""
    book = load_workbook(io.BytesIO(error_workbook(batch=batch, kind=LOGISTICS, by=by)))
    return [[cell.value for cell in row] for row in book.active]


def kill_at_random(job):
    """Let a worker begin, kill it somewhere in a slice; how far the job was then."""
    before = JobRun.objects.get(pk=job).done
    worker = start(job)
    limit = time.monotonic() + 60
    while JobRun.objects.get(pk=job).done == before and time.monotonic() < limit:
        time.sleep(0.02)
    time.sleep(random.random() / 10)  # noqa: S311
    worker.kill()
    worker.wait()
    free_lease(job)
    return JobRun.objects.get(pk=job).done


def test_rf47_sigkill_at_random_points_and_each_row_is_applied_once(no_worker, record_property):
    """Counters, rows and error workbook are those of a run that nobody disturbed."""
    content, office, calm = firms(), Office(), Office()
    right = 1 + ROWS - ROWS // WRONG
    batch = released(LOGISTICS, content, office.clerk, office.second)
    seen = [0, *(kill_at_random(batch.job_id) for _kill in range(KILLS))]
    assert seen == sorted(seen), "the bar never runs backwards"
    assert start(batch.job_id).wait(timeout=600) == 0
    batch.refresh_from_db()
    whole = imported(LOGISTICS, content, calm.clerk, calm.second)
    assert (batch.status, batch.counts["made"]) == ("done", right)
    assert batch.counts == whole.counts
    assert refused_cells(batch, office.clerk) == refused_cells(whole, calm.clerk)
    for home in (office, calm):
        rows = LogisticsFirm.objects.filter(organisation=home.company)
        assert rows.count() == right
        assert LogisticsFirm.history.filter(organisation=home.company).count() == right
    assert JobRun.objects.get(pk=batch.job_id).done == right
    record_property("rows", ROWS + 1)
    record_property("kills", KILLS)
    record_property("killed at rows", " ".join(map(str, seen[1:])))


def test_rf48_the_same_file_twice_and_a_cancelled_one_make_no_duplicates(
    no_worker, record_property
):
    """Cancelled after a kill, gone on with, brought again in another order of rows."""
    content, office = firms(), Office()
    batch = released(LOGISTICS, content, office.clerk, office.second)
    stopped = kill_at_random(batch.job_id)
    batch = cancel_batch(batch=batch, kind=LOGISTICS, by=office.clerk)
    assert batch.counts["made"] == stopped
    assert commit_batch(job=batch.job_id, kind=LOGISTICS) is False
    batch = resume_batch(batch=batch, kind=LOGISTICS, by=office.clerk)
    assert commit_batch(job=batch.job_id, kind=LOGISTICS)
    again = imported(LOGISTICS, content, office.second, office.clerk)
    right = 1 + ROWS - ROWS // WRONG
    assert (again.counts["same"], again.counts["made"], again.counts["changed"]) == (right, 0, 0)
    seen = batches_for(office.second, [LOGISTICS])
    assert same_file_before(again, seen).pk == batch.pk, "known by its bytes"
    assert LogisticsFirm.objects.count() == LogisticsFirm.history.count() == right
    record_property("rows", ROWS + 1)
    record_property("cancelled at row", stopped)
