"""A real server, a real browser, one browser context a person."""

import os

import pytest
from playwright.sync_api import expect, sync_playwright

from crm.tests.e2e.desk import BROWSER, PATIENCE, SWITCHES, Desk


@pytest.fixture(scope="package")
def chromium():
    """One browser for all tests of this folder.

    Playwright keeps a loop running in this thread, for which Django would refuse the database.
    """
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=SWITCHES)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    if before is not None:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture
def seat(chromium, live_server, settings, tmp_path):
    """`seat(user)` is a desk of this person, logged in; `seat()` one where nobody is.

    What browsers complained about fails the test at its end.
    """
    settings.MEDIA_ROOT = tmp_path
    desks = []

    def take(user=None, **kwargs):
        desk = Desk(chromium, live_server.url, **kwargs)
        desks.append(desk)
        if user is not None:
            desk.log_in(user)
        return desk

    yield take
    for desk in desks:
        desk.close()
    assert [line for desk in desks for line in desk.complaints] == []
