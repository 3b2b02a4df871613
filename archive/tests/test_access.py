"""Who sees which files (trust 4.3 row "E-archive files", PM-11, B-19; corpus B251)."""

import uuid

import pytest

from archive.access import (
    cases_of,
    classes_for,
    customers_of,
    files_for,
    get_customer_for_files,
    get_file,
)
from archive.choices import ArchivePerm, ItemClass
from archive.models import StoredFile
from archive.tests.factories import StoredFileFactory
from crm.approvals.tests.factories import Bureau as SigningBureau
from crm.core.errors import Forbidden, NotFound
from crm.identity.choices import Duty, Profile, Scope, Secrecy
from crm.identity.models import RoleRight
from customers.choices import GrantLevel
from customers.tests.factories import Bureau, CustomerGrantFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("disk")]
READS = (ArchivePerm.VIEW, ArchivePerm.DOWNLOAD)


@pytest.fixture
def repair(db):
    return Bureau(Profile.REPAIR)


@pytest.fixture
def tobacco(db):
    return Bureau(Profile.TOBACCO)


@pytest.fixture
def signing(db):
    """A bureau with one signer for every step."""
    return SigningBureau()


def a_file(bureau, customer=None, **kwargs):
    uploader = bureau.person(Duty.MC)
    return StoredFileFactory(uploaded_by=uploader, customer=customer, **kwargs)


@pytest.fixture
def manager(repair):
    return repair.person(Duty.AM, name="唐超")


@pytest.fixture
def customer(repair, manager):
    return repair.customer(manager)


@pytest.fixture
def file(repair, customer):
    return a_file(repair, customer)


def sees(user, perm=ArchivePerm.VIEW):
    return set(files_for(user, perm))


def test_a_manager_sees_the_files_of_his_own_customers_only(repair, manager, file):
    a_file(repair, repair.customer(repair.person(Duty.AM)))
    for perm in (*READS, ArchivePerm.CREATE):
        assert sees(manager, perm) == {file}
    assert sees(manager, ArchivePerm.DELETE) == set()


def test_b251_foreign_void_and_unknown_files_are_the_same_404(repair, manager, file):
    colleague = repair.person(Duty.AM, name="袁宇")
    stranger = Bureau(Profile.REPAIR).person(Duty.ARC)
    for user, public_id in (
        (colleague, file.public_id),
        (stranger, file.public_id),
        (manager, uuid.uuid4()),
    ):
        for perm in ArchivePerm:
            with pytest.raises(NotFound):
                get_file(user, perm, public_id)
    file.voided_by, file.voided_at = file.uploaded_by, file.uploaded_at
    file.save()
    with pytest.raises(NotFound):
        get_file(manager, ArchivePerm.VIEW, file.public_id)


def test_seen_but_not_to_be_voided_is_403(manager, file):
    with pytest.raises(Forbidden):
        get_file(manager, ArchivePerm.DELETE, file.public_id)


def test_the_archivist_reaches_all_files_of_his_organisation(repair, file):
    a_file(Bureau(Profile.REPAIR), Bureau(Profile.REPAIR).customer())
    archivist = repair.person(Duty.ARC)
    for perm in ArchivePerm:
        assert sees(archivist, perm) == {file}


@pytest.mark.parametrize("duty", [Duty.SYS, Duty.SEC, Duty.AUD])
def test_administrators_see_no_file(repair, file, duty):
    administrator = repair.person(duty, is_superuser=True, clearance=Secrecy.TOP)
    assert sees(administrator) == set()


def test_an_inactive_or_homeless_person_sees_no_file(manager, file):
    manager.organisation = None
    assert sees(manager) == set()
    manager.refresh_from_db()
    manager.is_active = False
    assert sees(manager) == set()


def test_finance_sees_finance_papers_and_nothing_else(repair, customer, file):
    bill = a_file(repair, customer, item_class=ItemClass.FINANCE)
    finance = repair.person(Duty.FIN)
    assert sees(finance) == {bill}
    assert sees(finance, ArchivePerm.DOWNLOAD) == {bill}


def test_kinds_of_two_posts_are_not_mixed(repair, customer, file):
    """Manager of one customer and finance for all: all kinds here, finance kinds there."""
    both = repair.person(Duty.AM, Duty.FIN)
    own, other = repair.customer(both), repair.customer(repair.person(Duty.AM))
    certificate, bill = a_file(repair, own), a_file(repair, other, item_class=ItemClass.FINANCE)
    a_file(repair, other)
    assert sees(both) == {certificate, bill}


def test_the_network_office_keeps_forms_and_binding_papers(tobacco):
    customer = tobacco.customer()
    kept = {
        a_file(tobacco, customer, item_class=kind)
        for kind in (ItemClass.FORM, ItemClass.BINDING, ItemClass.PRINT)
    }
    a_file(tobacco, customer, item_class=ItemClass.CERTIFICATE)
    officer = tobacco.person(Duty.NET)
    assert sees(officer) == kept
    assert [value for value, _label in classes_for(officer, ArchivePerm.CREATE)] == [
        ItemClass.FORM,
        ItemClass.BINDING,
        ItemClass.PRINT,
    ]


def test_a_share_by_name_opens_the_customer_but_no_other_kinds(repair, customer, file):
    finance, colleague = repair.person(Duty.FIN), repair.person(Duty.AM)
    bill = a_file(repair, customer, item_class=ItemClass.FINANCE)
    for user in (finance, colleague):
        CustomerGrantFactory(user=user, content_object=customer, level=GrantLevel.VIEW)
    assert sees(colleague) == {file, bill}
    assert sees(finance) == {bill}
    assert sees(colleague, ArchivePerm.CREATE) == set()


def test_b19_secrecy_of_file_and_of_customer_both_count(repair, manager, customer, file):
    secret = a_file(repair, customer, secrecy=Secrecy.SECRET)
    assert sees(manager) == {file}
    manager.clearance = Secrecy.SECRET
    assert sees(manager) == {file, secret}
    customer.secrecy = Secrecy.TOP
    customer.save()
    assert sees(manager) == set()


def test_pm11_who_takes_part_in_a_case_reads_its_files_and_no_others(signing):
    case = signing.open()
    uploader = signing.manager
    attached = StoredFileFactory(uploaded_by=uploader, case_number=case.number)
    StoredFileFactory(uploaded_by=uploader, case_number=signing.open(by=signing.colleague).number)
    assert sees(signing.delivery) == set(StoredFile.objects.all())
    for perm in READS:
        assert sees(uploader, perm) == {attached}
        assert sees(signing.squad_leader, perm) == set()
    for perm in (ArchivePerm.CREATE, ArchivePerm.DELETE):
        assert sees(signing.delivery, perm) == set()
    assert [found.number for found in cases_of(uploader, attached)] == [case.number]


def test_the_files_of_a_case_and_of_a_customer_are_asked_for_by_name(repair, manager, customer):
    own = a_file(repair, customer, case_number="SP1")
    other = a_file(repair, customer)
    seen = files_for(manager, ArchivePerm.VIEW)
    assert set(seen.of_customer(customer.pk)) == {own, other}
    assert set(seen.of_case("SP1")) == {own}
    assert not seen.of_case("").exists()


def test_pm11_secrecy_counts_for_participants_too(signing):
    case = signing.open()
    StoredFileFactory(uploaded_by=signing.manager, case_number=case.number, secrecy=Secrecy.SECRET)
    assert sees(signing.delivery) == set()


def test_a_case_of_another_organisation_opens_nothing(signing):
    other = SigningBureau()
    StoredFileFactory(uploaded_by=other.manager, case_number=signing.open().number)
    assert sees(signing.delivery) == set()


def test_a_file_never_tells_of_homes_the_reader_may_not_know(repair, manager, customer, file):
    other = repair.customer(repair.person(Duty.AM))
    file.links.create(customer=other, linked_by=file.uploaded_by)
    file.links.create(case_number="SP9", linked_by=file.uploaded_by)
    assert list(customers_of(manager, file)) == [customer]
    assert not cases_of(manager, file).exists()


def test_files_of_a_customer_are_asked_for_through_the_customer(repair, manager, customer):
    assert get_customer_for_files(manager, ArchivePerm.CREATE, customer.pk) == customer
    with pytest.raises(NotFound):
        get_customer_for_files(repair.person(Duty.AM), ArchivePerm.VIEW, customer.pk)
    with pytest.raises(Forbidden):
        get_customer_for_files(repair.person(Duty.FIN), ArchivePerm.CREATE, customer.pk)


def test_a_field_set_nobody_has_defined_opens_nothing(repair, file):
    RoleRight.objects.filter(duty=Duty.FIN, object="archive_file").update(fieldset="strange")
    assert sees(repair.person(Duty.FIN)) == set()


def test_a_right_that_is_gone_opens_nothing_at_the_next_request(repair, manager, file):
    RoleRight.objects.filter(duty=Duty.AM, object="archive_file", scope=Scope.OWN).delete()
    again = type(manager).objects.get(pk=manager.pk)
    assert sees(again) == set()
