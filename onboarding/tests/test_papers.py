"""What stays with a case: frozen sheets, locked papers (T-12)."""

import pytest

from archive.models import FileLink, StoredFile
from onboarding.services import entry, papers
from onboarding.tests.factories import Town

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def town():
    return Town()


def test_the_registration_form_is_frozen_once_when_data_entry_ends(
    town, django_capture_on_commit_callbacks
):
    """T-12, T-45."""
    with django_capture_on_commit_callbacks(execute=True):
        form = town.entered()
    file = StoredFile.objects.get(name=f"登记表 {form.number}.pdf")
    link = FileLink.objects.get(file=file)
    assert (link.customer_id, link.case_number) == (form.customer_id, form.sales_case.number)
    assert link.locked_at is not None
    assert papers.keep_registration_sheet(form=form, by=town.network_2) is None
    assert StoredFile.objects.count() == 1


def test_the_transfer_form_is_frozen_when_it_is_sent(town, django_capture_on_commit_callbacks):
    """T-12, T-46."""
    form = town.entered()
    with django_capture_on_commit_callbacks(execute=True):
        transfer = entry.send_transfer_form(form=form, by=town.network_2)
    assert StoredFile.objects.filter(name=f"传递表 {transfer.number}.pdf").count() == 1
