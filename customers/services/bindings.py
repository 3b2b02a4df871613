"""Accounts of retailers who were customers before this archive: bound by two people at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.bulk import bulk_insert, drop_staging, stage
from crm.core.sealed import seal
from crm.identity.models import User
from customers.choices import BindingStatus, HolderKind, TimelineKind
from customers.errors import SecondPersonNeeded
from customers.models import BankBinding, TimelineEntry


@dataclass(frozen=True, slots=True)
class SheetAccount:
    """One account of a released sheet, clear, on its way to be sealed (T-65)."""

    customer: int
    bank: str
    account_no: str
    holder_name: str

    def __repr__(self) -> str:
        """Numbers stay out of logs and tracebacks (SEC-33)."""
        return f"SheetAccount({self.customer}, ****{self.account_no[-4:]})"


@transaction.atomic
def bind_from_sheet(
    *, accounts: Sequence[SheetAccount], by: User, confirmed_by: User, form: str
) -> int:
    """Bind the accounts of archives made in this transaction, set-based; how many.

    Whoever brought the sheet keyed them, whoever released it confirms them (PM-04).
    Raises SecondPersonNeeded, ValidationError. Rules: T-65, T-66, T-67, PM-04, D13.
    """
    if by.pk == confirmed_by.pk:
        raise SecondPersonNeeded(_("须由另一位经办人复核"))
    if not accounts:
        return 0
    rows = [_binding(one, by=by, confirmed_by=confirmed_by, form=form) for one in accounts]
    fields = [
        field
        for field in BankBinding._meta.concrete_fields
        if not field.primary_key and field.name not in ("version", "field_marks")
    ]
    kinds = [(f"c_{f.name}", (f.rel_db_type(connection) or "text").split("(")[0]) for f in fields]
    staging = stage(
        kinds,
        ([f.get_db_prep_save(getattr(row, f.attname), connection) for f in fields] for row in rows),
    )
    done = bulk_insert(
        BankBinding,
        staging=staging,
        columns={f.name: f"s.c_{f.name}" for f in fields},
        by=by,
        reason=form,
        form=form,
    )
    drop_staging(staging)
    TimelineEntry.objects.bulk_create(
        TimelineEntry(
            customer_id=one.customer, kind=TimelineKind.BINDING_BOUND, values={"form": form}, by=by
        )
        for one in accounts
    )
    return done


def _binding(account: SheetAccount, *, by: User, confirmed_by: User, form: str) -> BankBinding:
    row = BankBinding(
        customer_id=account.customer,
        status=BindingStatus.BOUND,
        bank=account.bank,
        holder_kind=HolderKind.PERSONAL,
        holder_name=account.holder_name,
        form_number=form,
        bound_by=by,
        confirmed_by=confirmed_by,
        bound_at=timezone.now(),
    )
    seal(row, "account_no", account.account_no)
    return row
