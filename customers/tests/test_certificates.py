"""Certificates: kinds, check digits, sealing, one number one customer (B-14, B-51 to B-56)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import InternalError, connection, transaction
from django.utils import timezone

from crm.core.errors import NotFound, StaleVersion
from crm.core.models import AccessLog
from crm.core.sealed import unseal
from crm.core.text import CheckFailed
from crm.identity.choices import Duty
from customers.boss_values import CheckMade, NewCertificate, check_certificate_no
from customers.domains import CertificateKind, CertificateRole
from customers.errors import AlreadyExists, WrongState
from customers.models import Certificate, CertificateCheck, TimelineEntry
from customers.services.certificates import (
    add_certificate,
    check_certificate,
    end_certificate,
)
from customers.services.reveal import reveal_field
from customers.tests.factories import CREDIT_CODE
from customers.tests.factories_boss import RESIDENT, CertificateFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
HERS = NewCertificate(
    kind=CertificateKind.RESIDENT, holder_name="黄娟", number="110105 1949-1231 002x"
)
K = CertificateKind


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        (K.RESIDENT, " 110105-19491231 002x", RESIDENT),
        (K.LICENCE, "９１３５０１００Ｍ０００１００Ｙ４３", CREDIT_CODE),
        (K.INSTITUTION, CREDIT_CODE, CREDIT_CODE),
        (K.OLD_REGISTRATION, "440100123456789", "440100123456789"),
        (K.PASSPORT, "e 12345678", "E12345678"),
        (K.HK_MACAU, "H12345678", "H12345678"),
        (K.OFFICER, "军字第1234567", "军字第1234567"),
        (K.PROPERTY, "粤房地权证字第0012345号", "粤房地权证字第0012345号"),
    ],
)
def test_a_number_is_folded_to_one_form(kind, typed, stored):
    """B-51, B-52, B-56; corpus B037, B046."""
    assert check_certificate_no(typed, kind, TODAY) == stored


@pytest.mark.parametrize(
    ("kind", "typed", "code"),
    [
        (K.RESIDENT, "110105194912310021", "check_digit"),
        (K.RESIDENT, "110101190002290011", "birth_date"),
        (K.RESIDENT, "E12345678", "other_document"),
        (K.LICENCE, "91350100M000100Y4Z", "check_digit"),
        (K.LICENCE, "91350100M00O100Y43", "alphabet"),
        (K.LICENCE, "440100123456789", "legacy_registration"),
        (K.PASSPORT, "护照123", "format"),
        (K.RESIDENT, "  ", "required"),
        ("bearer", "1", "kind"),
    ],
)
def test_a_wrong_number_is_refused_with_the_mend(kind, typed, code):
    """B-56; corpus B034, B035, B038, B040, B041, B047. The value itself is never repeated."""
    with pytest.raises(CheckFailed) as refused:
        check_certificate_no(typed, kind, TODAY)
    assert refused.value.code == code
    assert len(typed.strip()) < 2 or typed not in refused.value.message


def test_the_number_of_a_person_is_sealed(subscriber, keeper):
    """PM-04, trust 2.6: ciphertext, last four, blind index; no clear text in any row."""
    row = add_certificate(customer=subscriber, data=HERS, by=keeper)
    assert (row.public_no, row.number_last4) == ("", "002X")
    assert row.number.startswith("kd1:")
    assert unseal(row, "number") == RESIDENT
    assert RESIDENT not in str(vars(row)) + str(vars(row.history.get())) + repr(HERS)
    assert not hasattr(row.history.get(), "number_index")
    assert TimelineEntry.objects.get(kind="cert_added").values == {
        "certificate": row.pk,
        "text": "居民身份证",
    }


def test_the_number_of_a_public_register_is_no_secret(boss, keeper):
    """B-51, trust 2.6."""
    firm = boss.customer(name="广州测试公司")
    row = add_certificate(
        customer=firm,
        data=NewCertificate(kind=K.LICENCE, holder_name="广州测试公司", number=CREDIT_CODE),
        by=keeper,
    )
    assert (row.public_no, row.number, row.number_last4) == (CREDIT_CODE, "", "")


def test_one_certificate_identifies_one_customer(boss, subscriber, keeper):
    """B-14, B-15: told without a word about whose it is; free again when it is out of use."""
    first = add_certificate(customer=subscriber, data=HERS, by=keeper)
    other = boss.customer(name="杜桂", customer_kind="person")
    with pytest.raises(AlreadyExists) as refused:
        add_certificate(customer=other, data=HERS, by=keeper)
    assert "黄娟" not in str(refused.value.message)
    assert Certificate.objects.count() == 1
    end_certificate(certificate=first, expected=1, reason="证件挂失", by=keeper)
    assert add_certificate(customer=other, data=HERS, by=keeper).pk


def test_the_same_certificate_may_be_known_in_another_organisation(repair, subscriber, keeper):
    """D9b: organisations know nothing of each other."""
    CertificateFactory(customer=repair.customer(name="别处", customer_kind="person"))
    assert add_certificate(customer=subscriber, data=HERS, by=keeper).pk


def test_a_handler_may_act_for_many_customers(boss, keeper, subscriber):
    """B-51, B-53: only a customer's own certificate identifies him."""
    firm = boss.customer(name="广州测试公司")
    agent = replace(HERS, role=CertificateRole.HANDLER)
    add_certificate(customer=firm, data=agent, by=keeper)
    add_certificate(customer=subscriber, data=replace(HERS, role="agent"), by=keeper)
    assert Certificate.objects.filter(role__in=["handler", "agent"]).count() == 2


@pytest.mark.parametrize(
    ("kind", "role", "customer_kind", "field"),
    [
        (K.LICENCE, "own", "person", "kind"),
        (K.PASSPORT, "own", "org", "kind"),
        (K.LICENCE, "handler", "org", "kind"),
        (K.PROPERTY, "own", "person", "role"),
        (K.PASSPORT, "owner", "person", "role"),
    ],
)
def test_a_certificate_fits_what_the_customer_is(boss, keeper, kind, role, customer_kind, field):
    """B-51 to B-54."""
    row = boss.customer(name="某客户", customer_kind=customer_kind)
    number = {K.LICENCE: CREDIT_CODE, K.PROPERTY: "字第0012345号"}.get(kind, "E12345678")
    data = NewCertificate(kind=kind, holder_name="某", number=number, role=role)
    with pytest.raises(ValidationError) as refused:
        add_certificate(customer=row, data=data, by=keeper)
    assert list(refused.value.message_dict) == [field]
    assert Certificate.objects.count() == 0


def test_an_expired_certificate_is_not_taken(subscriber, keeper):
    """B-55."""
    with pytest.raises(ValidationError, match="已过期"):
        add_certificate(
            customer=subscriber, data=replace(HERS, valid_to=TODAY - timedelta(days=1)), by=keeper
        )
    assert Certificate.objects.count() == 0


def test_a_passed_check_makes_it_real_name_and_a_failed_one_takes_it_away(subscriber, keeper):
    """B-55, B-24: every check stays in the log."""
    row = add_certificate(customer=subscriber, data=HERS, by=keeper)
    assert not row.is_real_name
    row = check_certificate(certificate=row, check=CheckMade(True, "reader"), expected=1, by=keeper)
    assert (row.is_real_name, row.checked_by) == (True, keeper)
    failed = CheckMade(False, "register", note="姓名不符")
    row = check_certificate(certificate=row, check=failed, expected=2, by=keeper)
    assert not row.is_real_name
    log = CertificateCheck.objects.order_by("pk").values_list("method", "result", "note")
    assert list(log) == [("reader", "passed", ""), ("register", "failed", "姓名不符")]


def test_a_failed_check_says_why_and_a_stale_one_is_refused(subscriber, keeper):
    """B-55, RF-07."""
    row = CertificateFactory(customer=subscriber)
    with pytest.raises(ValidationError, match="写明原因"):
        check_certificate(certificate=row, check=CheckMade(False), expected=1, by=keeper)
    with pytest.raises(StaleVersion):
        check_certificate(certificate=row, check=CheckMade(True), expected=9, by=keeper)
    assert CertificateCheck.objects.count() == 0


def test_the_log_of_checks_is_only_added_to(subscriber, keeper):
    """B-55: a trigger binds every role."""
    row = CertificateFactory(customer=subscriber)
    check_certificate(certificate=row, check=CheckMade(True), expected=1, by=keeper)
    for breach in (
        lambda: CertificateCheck.objects.update(note="x"),
        lambda: CertificateCheck.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(InternalError, match="只能追加"), transaction.atomic():
            breach()
    assert CertificateCheck.objects.count() == 1


def test_the_log_of_checks_cannot_be_emptied():
    """B-55."""
    with (
        pytest.raises(InternalError, match="只能追加"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("TRUNCATE customers_certificatecheck")


def test_an_ended_certificate_is_neither_checked_nor_ended_again(subscriber, keeper):
    """B-18."""
    row = CertificateFactory(customer=subscriber, is_live=False)
    with pytest.raises(WrongState):
        check_certificate(certificate=row, check=CheckMade(True), expected=1, by=keeper)
    with pytest.raises(WrongState):
        end_certificate(certificate=row, expected=1, reason="x", by=keeper)
    row.refresh_from_db()
    assert row.version == 1


def test_the_representative_reveals_one_number_with_a_reason(boss, subscriber, keeper):
    """B-29, trust 4.3: the identity check at the counter; a look is written down."""
    hall = boss.market
    counter = boss.person(Duty.REP, department=hall)
    type(subscriber).objects.filter(pk=subscriber.pk).update(area=hall)
    subscriber.refresh_from_db()
    row = CertificateFactory(customer=subscriber)
    assert reveal_field(row=row, field="number", reason="柜台核对", by=counter) == RESIDENT
    log = AccessLog.objects.get(kind="reveal")
    assert (log.customer_id, log.fields) == (subscriber.pk, ["cert.number"])
    assert RESIDENT not in str(vars(log))


def test_a_stranger_registers_nothing(boss, subscriber):
    """Trust 4.3."""
    with pytest.raises(NotFound):
        add_certificate(customer=subscriber, data=HERS, by=boss.person(Duty.FIN))
    assert Certificate.objects.count() == 0
