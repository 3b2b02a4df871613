"""About fifty users of the cable operator: customers, certificates, accounts, users, lists."""

from datetime import timedelta
from itertools import groupby
from typing import Final

from django.utils import timezone

from crm.core.services.reference import load_dictionary
from crm.demo.sources import Record
from crm.identity.models import Department, User
from customers.boss_values import (
    CheckMade,
    NewAccount,
    NewAttribute,
    NewCertificate,
    NewListEntry,
    NewUser,
)
from customers.choices import CustomerKind, DataClass
from customers.domains import CertificateKind, ListColour, SpecialClass, ValueKind
from customers.models import BillingAccount, Customer
from customers.services.accounts import open_account
from customers.services.attributes import define_attribute
from customers.services.certificates import add_certificate, check_certificate
from customers.services.details import edit_customer
from customers.services.listing import enter_list
from customers.services.register import register_customers
from customers.services.users import open_user
from customers.values import NewContact, NewCustomer

SERVICES: Final = (
    ("tv", "数字电视基本包"),
    ("broadband", "宽带 300M"),
    ("interactive", "互动电视"),
)
RIVALS: Final = [("telecom", "中国电信"), ("unicom", "中国联通"), ("mobile", "中国移动")]
ATTRIBUTES: Final = (
    NewAttribute("interest", "兴趣爱好", ValueKind.TEXT, data_class=DataClass.PERSONAL),
    NewAttribute("rival", "使用的其他运营商", ValueKind.CHOICE, dictionary="rival", position=1),
    NewAttribute("rival_ends", "他网合约到期", ValueKind.DATE, position=2),
    NewAttribute("has_pupil", "有学龄儿童", ValueKind.YES_NO, position=3),
)
SOON: Final = timedelta(days=40)


def seed_subscribers(
    records: list[Record], *, hall: Department, keeper: User, manager: User, sys: User
) -> dict[str, int]:
    """Customers of the hall with everything that hangs on them; what was made."""
    load_dictionary(kind="rival", entries=RIVALS)
    for data in ATTRIBUTES:
        define_attribute(data=data, by=sys)
    groups = [list(rows) for _no, rows in groupby(records, key=lambda row: row["customer_no"])]
    wanted = [_customer(rows[0], at, hall, manager) for at, rows in enumerate(groups)]
    done = register_customers(organisation=hall.organisation, rows=wanted, by=keeper)  # type: ignore[arg-type]
    by_code = {row.code: row for row in Customer.objects.filter(code__in=done.codes)}
    served = 0
    for at, (code, rows) in enumerate(zip(done.codes, groups, strict=True)):
        served += _serve(by_code[code], rows, at, keeper)
    _mark(by_code[done.codes[1]], by_code[done.codes[2]], keeper)
    return {"subscribers": len(done.codes), "users": served}


def _customer(record: Record, at: int, hall: Department, manager: User) -> NewCustomer:
    return NewCustomer(
        name=record["name"],
        customer_kind=CustomerKind.PERSON,
        address=f"广州市天河区体育西路{at + 1}号",
        mobile=record["mobile"],
        area=hall.pk,
        manager=manager.pk,
        contacts=(NewContact(record["name"], is_primary=True, mobile=record["mobile"]),),
        extra={"rival": RIVALS[at % 3][0], "has_pupil": at % 2 == 0},
        province="440000",
        city="440100",
        region="440106",
    )


def _serve(customer: Customer, rows: list[Record], at: int, keeper: User) -> int:
    """One certificate, an account for each number, a user for each row."""
    paper = add_certificate(
        customer=customer,
        data=NewCertificate(
            kind=CertificateKind.RESIDENT,
            holder_name=customer.name,
            number=rows[0]["id_number"],
            authority="广州市公安局天河分局",
            valid_to=timezone.localdate() + SOON * (1 + at),
        ),
        by=keeper,
    )
    check_certificate(certificate=paper, check=CheckMade(True), expected=1, by=keeper)  # noqa: FBT003
    accounts: dict[str, BillingAccount] = {}
    for row, (service, product) in zip(rows, SERVICES, strict=False):
        number = row["account_no"]
        if number not in accounts:
            name = "家庭帐户" if not accounts else "宽带代付帐户"
            accounts[number] = open_account(customer=customer, data=NewAccount(name), by=keeper)
        data = NewUser(
            account=accounts[number].pk,
            service=service,
            install_address=f"{customer.address}{at + 1}01 房",
            product=product,
            device_no=row["subscriber_no"].replace("U", "8101"),
        )
        open_user(customer=customer, data=data, by=keeper)
    return min(len(rows), len(SERVICES))


def _mark(owing: Customer, dear: Customer, keeper: User) -> None:
    """One on each list, and one who asks for special care."""
    enter_list(
        customer=owing,
        data=NewListEntry(ListColour.BLACK, "arrears", "连续三期恶意欠费，催缴无果"),
        by=keeper,
    )
    enter_list(
        customer=dear, data=NewListEntry(ListColour.RED, "honest", "五年按时缴费"), by=keeper
    )
    care = {
        "subscriber.special_class": SpecialClass.ELDERLY,
        "subscriber.own_certificate_required": True,
    }
    edit_customer(customer=dear, changes=care, expected=1, reason="客户申请", by=keeper)
