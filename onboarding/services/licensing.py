"""From the approved monopoly block to the customer manager's desk (T-34 to T-37)."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from crm.core.errors import Forbidden
from crm.core.sealed import unseal
from crm.identity.access import may
from crm.identity.choices import Duty
from crm.identity.models import User
from crm.identity.selectors import holders_of
from crm.outbox import services as outbox
from crm.outbox.choices import Topic
from customers.choices import CustomerKind, CustomerStatus, Light, LightSystem
from customers.models import Customer
from customers.services.managers import transfer_customer
from customers.services.marks import set_light
from customers.services.register import register_customer
from customers.values import NewCustomer, NewRetail
from onboarding.choices import LicenceSource, NoticeRoute, OnboardingPerm, Stage
from onboarding.errors import Incomplete
from onboarding.formulas import is_mobile
from onboarding.models import NoticeRecord, RegistrationForm
from onboarding.services.registration import end_form
from onboarding.services.stages import enter_stage, lock_form, notice_values
from onboarding.services.values import Licence, Notice

ROUTE_TOPICS = {
    NoticeRoute.ORAL: Topic.NOTICE_ORAL,
    NoticeRoute.MESSAGE: Topic.NOTICE_MESSAGE,
    NoticeRoute.PROMPT: Topic.NOTICE_EM,
}


@transaction.atomic
def record_licence(
    *, form: RegistrationForm, licence: Licence, source: LicenceSource, by: User
) -> RegistrationForm:
    """The licence is issued: write it down and open the customer's record, not yet in force.

    By ZM's interface or typed by the licensing department; the ZM light turns green only by ZM's
    own message. Raises WrongStage, Forbidden, ValidationError, AlreadyExists.
    Rules: T-28, T-34, T-49, domain 5.1 step 6.
    """
    if source == LicenceSource.HAND and not may(by, OnboardingPerm.LICENCE_EXECUTE):
        raise Forbidden
    row = lock_form(form=form, stages=[Stage.LICENSING])
    row.licence_no, row.licence_valid_to = licence.licence_no, licence.valid_to
    row.licence_source = source
    row.customer = _open_record(row, by=by)
    enter_stage(
        form=row,
        stage=Stage.LICENSED,
        by=by,
        reason=_("许可证已办妥"),
        fields=["licence_no", "licence_valid_to", "licence_source", "customer"],
    )
    set_light(
        customer=row.customer,
        system=LightSystem.ZM,
        state=Light.OK if licence.serial else Light.WAITING,
        value=licence.licence_no,
        message_id=licence.serial,
        by=by,
    )
    _tell(row, Topic.LICENCE_ISSUED, Duty.LIC, by=by, licence=licence.licence_no)
    return row


@transaction.atomic
def refuse_licence(*, form: RegistrationForm, reason: str, by: User) -> RegistrationForm:
    """No licence is given: the form ends. Raises WrongStage. Rules: domain 5.1 step 7."""
    row = lock_form(form=form, stages=[Stage.LICENSING])
    end_form(form=row, stage=Stage.TERMINATED, topic=Topic.ONBOARDING_REFUSED, by=by, reason=reason)
    return row


@transaction.atomic
def notify_service_centre(
    *, form: RegistrationForm, notices: Sequence[Notice], by: User
) -> RegistrationForm:
    """Tell the service centre by one or more routes; the customer manager takes over.

    Every route is kept with sender, receiver and time; route B and C also leave as messages to
    CRM and EM. Raises WrongStage, Incomplete. Rules: T-29, T-35 to T-37, domain 5.1 step 8.
    """
    row = lock_form(form=form, stages=[Stage.LICENSED])
    if not notices:
        raise Incomplete(_("至少登记一种通知方式"), field="routes")
    if row.manager_id is None:
        raise Incomplete(_("尚未确定负责的客户经理"), field="manager")
    NoticeRecord.objects.bulk_create(
        NoticeRecord(
            form=row, route=item.route, sender=item.sender, receiver=item.receiver, recorded_by=by
        )
        for item in notices
    )
    enter_stage(form=row, stage=Stage.SALES_FILLING, by=by, reason=_("已通知客户服务中心"))
    for item in notices:
        _tell(row, ROUTE_TOPICS[NoticeRoute(item.route)], Duty.CSC, by=by)
    return row


@transaction.atomic
def name_manager(*, form: RegistrationForm, manager: User, by: User) -> RegistrationForm:
    """Say which customer manager is responsible, before the notice goes out.

    Raises WrongStage, Incomplete. Rules: T-37.
    """
    row = lock_form(form=form, stages=[Stage.LICENSED, Stage.SALES_FILLING])
    if manager not in holders_of(Duty.AM, organisation_id=row.organisation_id):
        raise Incomplete(_("%(name)s 不是本单位的客户经理") % {"name": manager}, field="manager")
    row.manager = manager
    if row.customer is not None:
        transfer_customer(
            customer=row.customer,
            manager=manager,
            reason=_("确定客户经理"),
            form=row.number,
            by=by,
        )
    enter_stage(
        form=row,
        stage=Stage(row.stage),
        by=by,
        reason=_("确定客户经理"),
        fields=["manager"],
    )
    return row


def _open_record(form: RegistrationForm, *, by: User) -> Customer:
    """The customer's record, not in force: he may not order until activation (T-49)."""
    return register_customer(
        organisation=form.organisation,
        data=NewCustomer(
            name=form.store_name,
            province=form.city.parent_id or "",
            city=form.city_id,
            customer_kind=CustomerKind.RETAIL,
            status=CustomerStatus.PENDING,
            address=form.business_premises,
            mobile=form.phone if is_mobile(form.phone) else "",
            phone="" if is_mobile(form.phone) else form.phone,
            legal_representative=form.legal_representative,
            area=form.area_id,
            department=form.area_id,
            manager=form.manager_id,
            retail=NewRetail(
                licence_no=form.licence_no,
                licence_valid_to=form.licence_valid_to,
                store_name=form.store_name,
                business_premises=form.business_premises,
                legal_representative=form.legal_representative,
                identity_no=unseal(form, "identity_no"),
            ),
        ),
        form=form.number,
        by=by,
    )


def _tell(form: RegistrationForm, topic: Topic, duty: Duty, *, by: User, **more: str) -> None:
    people = [person.pk for person in holders_of(duty, organisation_id=form.organisation_id)]
    if form.manager_id is not None:
        people.append(form.manager_id)
    payload = {
        "form": form.number,
        "customer": form.customer.code if form.customer else "",
        "store_name": form.store_name,
        "licence_no": form.licence_no,
        "manager": str(form.manager or ""),
    }
    outbox.publish(
        topic=topic,
        key=form.number,
        payload=payload,
        organisation_id=form.organisation_id,
        customer=form.customer_id,
        people=set(people) - {by.pk},
        values=notice_values(form=form, **more),
    )
