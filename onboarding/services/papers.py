"""What is kept with a case: the sheets as they stood (T-12)."""

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from archive.forms_print import PrintMark
from archive.models import StoredFile
from archive.printing import print_registration, print_transfer
from archive.services.files import freeze_print
from crm.identity.models import User
from onboarding.models import RegistrationForm
from onboarding.selectors.prints import registration_sheet, transfer_sheet


@transaction.atomic
def keep_registration_sheet(*, form: RegistrationForm, by: User) -> StoredFile | None:
    """Freeze the registration form as approved and entered; once, however often it is asked.

    Rules: T-12, T-45.
    """
    row = RegistrationForm.objects.select_for_update(of=("self",)).get(pk=form.pk)
    title = _("登记表 %(number)s") % {"number": row.number}
    if row.sales_case is None or _is_kept(row, title):
        return None
    pdf = print_registration(registration_sheet(row, by), mark=_mark(by))
    return _freeze(row, title, pdf, by=by)


@transaction.atomic
def keep_transfer_sheet(*, form: RegistrationForm, by: User) -> StoredFile | None:
    """Freeze the transfer form as sent to the order centre, once. Rules: T-12, T-46."""
    row = RegistrationForm.objects.select_for_update(of=("self",)).get(pk=form.pk)
    sheet = transfer_sheet(row)
    if sheet is None:
        return None
    title = _("传递表 %(number)s") % {"number": sheet.form_number}
    if _is_kept(row, title):
        return None
    return _freeze(row, title, print_transfer(sheet, mark=_mark(by)), by=by)


def _is_kept(form: RegistrationForm, title: str) -> bool:
    return StoredFile.objects.filter(links__customer=form.customer, name=f"{title}.pdf").exists()


def _freeze(form: RegistrationForm, title: str, pdf: bytes, *, by: User) -> StoredFile:
    case = form.sales_case
    return freeze_print(
        title=title,
        pdf=pdf,
        customer=form.customer,
        case_number=case.number if case else "",
        by=by,
    )


def _mark(by: User) -> PrintMark:
    return PrintMark(name=str(by), at=timezone.now())


KEEPERS: dict[str, Callable[..., StoredFile | None]] = {
    "registration": keep_registration_sheet,
    "transfer": keep_transfer_sheet,
}


def keep_sheet(*, form_id: int, sheet: str, by_id: int) -> None:
    """What the task does after commit: freeze one sheet in the name of who did the act.

    Rules: T-12.
    """
    form, by = RegistrationForm.objects.get(pk=form_id), User.objects.get(pk=by_id)
    KEEPERS[sheet](form=form, by=by)
