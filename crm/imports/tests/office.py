"""Two keepers who may import, and workbooks as they would bring them."""

import csv
import io

from crm.core.sheets import Table, write_sheet
from crm.identity.choices import DepartmentKind, Duty, Profile
from crm.identity.tests.factories import DepartmentFactory, OrganisationFactory, UserFactory
from crm.imports.services import check_batch, open_batch, release_batch, submit_batch
from crm.imports.services.running import run_import

FIRMS = [
    "总部/分支",
    "名称",
    "所属总部",
    "地市",
    "地址",
    "邮政编码",
    "主要联系人",
    "职务",
    "电话",
]
HEAD = ["总部", "金达莱物流有限责任公司", "", "乌鲁木齐", "物流园25号", "454214", "蒋文", "经理"]
HEAD = [*HEAD, "18973714908"]
BRANCH = [
    "分支",
    "金达莱-延安",
    "金达莱物流有限责任公司",
    "延安",
    "延安货运站42号",
    "277897",
    "曾桂子",
    "站长",
    "13300287154",
]


class Office:
    """A repair company with two clerks, two archive keepers and a manager."""

    def __init__(self):
        self.company = OrganisationFactory(profile=Profile.REPAIR, region_id="610113")
        self.market = DepartmentFactory(parent=self.company, kind=DepartmentKind.MARKET)
        self.clerk, self.second = self.person(Duty.MC), self.person(Duty.MC)
        self.keeper, self.keeper2 = self.person(Duty.ARC), self.person(Duty.ARC)
        self.manager = self.person(Duty.AM, name="马娜")

    def person(self, duty, **more):
        return UserFactory(duty=duty, department=self.market, organisation=self.company, **more)


class Bureau:
    """A tobacco bureau with two people of the network office, an officer and a manager."""

    def __init__(self):
        self.company = OrganisationFactory(profile=Profile.TOBACCO, region_id="610602")
        self.squad = DepartmentFactory(parent=self.company, kind=DepartmentKind.SQUAD)
        self.net, self.net2 = self.person(Duty.NET), self.person(Duty.NET)
        self.officer = self.person(Duty.LO, name="叶洋桂")
        self.manager = self.person(Duty.AM, name="陈涵国")

    def person(self, duty, **more):
        return UserFactory(duty=duty, department=self.squad, organisation=self.company, **more)


def workbook(header, rows, title="Sheet", **sheets):
    """An `.xlsx` as bytes; texts stay texts, also those that look like formulas."""
    out = io.BytesIO()
    extra = [Table(name, lines[0], lines[1:]) for name, lines in sheets.items()]
    write_sheet(out, header, rows, title=title, extra=extra)
    return out.getvalue()


def csv_rows(path):
    """Header and rows of a CSV that lies beside a test."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def checked(kind, content, by, name="表.xlsx"):
    """Uploaded and checked."""
    batch = open_batch(kind=kind, file_name=name, content=content, by=by)
    return check_batch(batch=batch, kind=kind, by=by)


def released(kind, content, by, second):
    """Uploaded, checked, submitted by one and released by another; not yet written."""
    batch = checked(kind, content, by)
    batch = submit_batch(batch=batch, kind=kind, expected=batch.version, by=by)
    return release_batch(batch=batch, kind=kind, expected=batch.version, by=second)


def imported(kind, content, by, second):
    """All of it, to the end."""
    batch = released(kind, content, by, second)
    run_import(job=batch.job_id, kind=kind)
    batch.refresh_from_db()
    return batch


def wrong_cells(batch):
    """(row, field, code) of every wrong cell."""
    return sorted(
        (row.number, name, code) for row in batch.rows.all() for name, code, _message in row.errors
    )
