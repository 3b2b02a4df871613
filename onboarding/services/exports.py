"""Registration forms as a file: the rows of the list, on record."""

from django.db import transaction

from crm.core.exports import ExportSheet
from crm.core.services.access_log import MOST_ROWS, ensure_may_leave, log_export
from crm.identity.models import User
from onboarding.access import forms_to_export
from onboarding.models import RegistrationForm
from onboarding.selectors.exports import COLUMNS, asked_in_words, cells_of


@transaction.atomic
def export_forms(*, stage: str, words: str, by: User) -> ExportSheet:
    """The forms of the list, newest first. Raises Forbidden, ApprovalNeeded. Rules: T-7, R-2."""
    rows = forms_to_export(by).matching(stage=stage, words=words).for_list().order_by("-id")
    found = list(rows[: MOST_ROWS + 1])
    ensure_may_leave(rows=len(found))
    asked = asked_in_words(stage, words)
    log = log_export(
        list_name=RegistrationForm._meta.label_lower,
        rows=len(found),
        columns=list(COLUMNS),
        asked="；".join(asked),
        by=by,
    )
    header = [str(label) for label in COLUMNS.values()]
    title = str(RegistrationForm._meta.verbose_name)
    return ExportSheet(title, header, [cells_of(row) for row in found], log, by, asked)
