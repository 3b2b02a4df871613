"""What outside systems report: once by (system, serial number), applied or parked (domain 6.3).

The lights of a customer turn green here and nowhere else, each by its own system's message.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.errors import DomainError
from crm.core.history import save_as
from crm.identity.choices import SourceSystem
from crm.identity.models import User
from customers.choices import Authority, Light, LightSystem
from customers.selectors.bank import binding_of_form
from customers.services.bank import fail_binding
from customers.services.marks import set_light
from onboarding.choices import InboundKind, LicenceSource, Stage
from onboarding.errors import WrongStage
from onboarding.models import EntryProof, InboundMessage, RegistrationForm, TransferForm
from onboarding.selectors.sheet import ORDER_CENTRE_FIELDS, approved_values, entry_differences
from onboarding.services.entry import write_fields
from onboarding.services.licensing import record_licence, refuse_licence
from onboarding.services.values import Licence

APPLIED, PARKED = "applied", "parked"


@dataclass(frozen=True, slots=True)
class Report:
    """One message of an outside system, already checked for shape."""

    system: SourceSystem
    serial: str
    kind: InboundKind
    form_number: str
    body: Mapping[str, Any]


@transaction.atomic
def take_report(*, report: Report, form: RegistrationForm | None, by: User) -> InboundMessage:
    """Take in one report: applied when it fits the form's stage, else parked with the reason.

    The caller has made sure that the serial number is new. Nothing is half applied: a refusal
    inside is rolled back to before the effect and kept as the reason.
    Rules: T-28, T-29, T-34, T-46, T-47, domain 6.3, B185 of the corpus.
    """
    result, reason = PARKED, _("没有该登记表")
    if form is not None:
        try:
            with transaction.atomic():
                APPLY[report.kind](report, form, by)
            result, reason = APPLIED, ""
        except DomainError as refusal:
            refusal.after_rollback()
            reason = str(refusal.message)
    return InboundMessage.objects.create(
        organisation_id=by.organisation_id or 0,
        system=report.system,
        serial=report.serial,
        kind=report.kind,
        body_hash=_hash(report.body),
        form_number=report.form_number[:14],
        result=result,
        reason=reason[:300],
    )


def _hash(body: Mapping[str, Any]) -> str:
    text = json.dumps(dict(body), cls=DjangoJSONEncoder, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _apply_licence(report: Report, form: RegistrationForm, by: User) -> None:
    if report.body["result"] == "refused":
        refuse_licence(form=form, reason=report.body["reason"], by=by)
        return
    licence = Licence(report.body["licence_no"], report.body["valid_to"], serial=report.serial)
    if form.licence_no == licence.licence_no and form.customer is not None:
        # Typed by the licensing department before; ZM confirms it now.
        set_light(
            customer=form.customer,
            system=LightSystem.ZM,
            state=Light.OK,
            value=licence.licence_no,
            message_id=report.serial,
            by=by,
        )
        return
    record_licence(form=form, licence=licence, source=LicenceSource.ZM, by=by)


def _apply_binding(report: Report, form: RegistrationForm, by: User) -> None:
    binding = binding_of_form(form.number)
    if binding is None:
        raise WrongStage(_("该登记表没有待绑定的账户"))
    bound = report.body["result"] == "bound"
    if not bound:
        fail_binding(binding=binding, outcome=report.body["reason"], by=by)
    set_light(
        customer=binding.customer,
        system=LightSystem.BANK,
        state=Light.OK if bound else Light.FAILED,
        value=f"****{binding.account_no_last4}",
        message_id=report.serial,
        by=by,
    )


def _apply_echo(report: Report, form: RegistrationForm, by: User) -> None:
    """EM or CRM says what it stored: kept per field, green only when all of it is as approved."""
    if form.stage not in (Stage.DATA_ENTRY, Stage.REPORTING, Stage.ACTIVATING, Stage.ACTIVE):
        raise WrongStage(_("登记表尚未到录入环节"))
    approved, said = approved_values(form, report.system), report.body["fields_stored"]
    EntryProof.objects.bulk_create(
        EntryProof(
            form=form,
            system=report.system,
            field=name,
            approved=value[:300],
            entered=str(said[name])[:300],
        )
        for name, value in approved.items()
        if name in said
    )
    wrong = entry_differences(form, report.system)
    set_light(
        customer=form.customer,  # type: ignore[arg-type]
        system=LightSystem(report.system.value),
        state=Light.FAILED if wrong else Light.OK,
        value=_("%(count)d 项不一致") % {"count": len(wrong)} if wrong else _("维护齐全"),
        message_id=report.serial,
        by=by,
    )


def _apply_receipt(report: Report, form: RegistrationForm, by: User) -> None:
    transfer = TransferForm.objects.select_for_update(of=("self",)).filter(form=form).first()
    if transfer is None:
        raise WrongStage(_("该登记表尚未上报订单中心"))
    transfer.receipt_no, transfer.received_at = report.body["receipt_no"], timezone.now()
    save_as(
        transfer,
        by=by,
        reason=_("订单中心回执"),
        expected=None,
        fields=["receipt_no", "received_at"],
        form=transfer.number,
    )
    set_light(
        customer=form.customer,  # type: ignore[arg-type]
        system=LightSystem.ORDER_CENTRE,
        state=Light.OK,
        value=transfer.receipt_no,
        message_id=report.serial,
        by=by,
    )
    write_fields(
        form=form,
        names=ORDER_CENTRE_FIELDS,
        authority=Authority.ORDER_CENTRE,
        reason=_("订单中心回执"),
        by=by,
    )


APPLY = {
    InboundKind.LICENCE: _apply_licence,
    InboundKind.BINDING: _apply_binding,
    InboundKind.ECHO: _apply_echo,
    InboundKind.RECEIPT: _apply_receipt,
}
