"""A workbook's rows from the check to the last commit, beside COPY of the finished rows."""

import csv
import io
import random
import time
from collections.abc import Iterator
from datetime import date
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from bench.results import Result, Target
from bench.setting import Setting
from bench.timing import say
from crm.core.checkdigits import USCC_ALPHABET
from crm.identity.choices import DepartmentKind, Duty, Profile
from crm.identity.models import Department, Post, User
from crm.imports.services import check_batch, open_batch, release_batch, submit_batch
from crm.imports.services.committing import commit_batch
from customers.importing.operators import OPERATORS
from customers.models import Customer

NAME: Final = "import"
MOST: Final = 100_000
"""More take longer than a bench may, and no file of the office is larger."""
ENOUGH: Final = Target("ratio", ">=", 0.2)
TABLES: Final = ("customers_customer", "customers_historicalcustomer")
_WEIGHTS: Final = [pow(3, place, 31) for place in range(17)]
_MANAGERS: Final = 25


def measure(setting: Setting) -> Iterator[Result]:
    """Rows a second: check, staging, archives with contacts and profiles, history, events."""
    organisation, keeper, second = _office()
    size = min(setting.size, MOST)
    content = _workbook(organisation, size)
    say(f"  a file of {size:,} rows: {len(content) / 2**20:.0f} MiB")
    begin = time.monotonic()
    batch = open_batch(kind=OPERATORS, file_name="units.csv", content=content, by=keeper)
    batch = check_batch(batch=batch, kind=OPERATORS, by=keeper)
    say(f"  checked and staged: {time.monotonic() - begin:.1f} s, {batch.rows_wrong} wrong")
    batch = submit_batch(batch=batch, kind=OPERATORS, expected=batch.version, by=keeper)
    batch = release_batch(batch=batch, kind=OPERATORS, expected=batch.version, by=second)
    commit_batch(job=batch.job_id or 0, kind=OPERATORS)
    taken = time.monotonic() - begin
    made = Customer.objects.filter(organisation=organisation).count()
    floor = made / _copy(organisation.pk)
    yield Result(NAME, made, made / taken, "rows/s", floor, ENOUGH)


def _copy(organisation: int) -> float:
    """Seconds for the finished rows by COPY into twins with every index, and their history."""
    taken = 0.0
    for table in TABLES:
        rows = io.BytesIO()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE import_twin (LIKE {table} INCLUDING ALL)")
            some = f"SELECT * FROM {table} WHERE organisation_id = {organisation}"  # noqa: S608
            cursor.copy_expert(f"COPY ({some}) TO STDOUT", rows)
            rows.seek(0)
            begin = time.monotonic()
            cursor.copy_expert("COPY import_twin FROM STDIN", rows)
            taken += time.monotonic() - begin
            transaction.set_rollback(True)
    return taken


def _office() -> tuple[Department, User, User]:
    """A company of its own for every run."""
    code = f"bench-import-{timezone.now():%Y%m%d%H%M%S}"
    with transaction.atomic():
        home = Department(code=code, name=code, kind=DepartmentKind.COMPANY, profile=Profile.REPAIR)
        home.save()
        Department.objects.filter(pk=home.pk).update(organisation=home)
        home.refresh_from_db()
        keepers = [_person(home, f"{code}-keeper{n}", Duty.ARC) for n in range(2)]
        for number in range(_MANAGERS):
            _person(home, f"{code}-am{number}", Duty.AM, name=f"经理{number}")
    return home, keepers[0], keepers[1]


def _person(home: Department, username: str, duty: Duty, name: str = "") -> User:
    now = timezone.now()
    person = User.objects.create(
        username=username,
        name=name or username,
        organisation=home,
        department=home,
        is_active=True,
        confirmed_at=now,
    )
    Post(
        user=person, department=home, duty=duty, starts_on=date(2020, 1, 1), confirmed_at=now
    ).save()
    return person


def _workbook(organisation: Department, size: int) -> bytes:
    """A CSV of city units without units above them, every row right and its own."""
    dice = random.Random(organisation.pk)  # noqa: S311
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.label for column in OPERATORS.columns])
    for number in range(size):
        writer.writerow(_line(dice, number))
    return out.getvalue().encode()


def _line(dice: random.Random, number: int) -> list[str]:
    phone = f"139{number % 10**8:08d}"
    return [
        "陕西省",
        "西安市",
        f"秦岭{dice.choice('东南西北')}{number}通信设备有限公司",
        _credit_code(number),
        "",
        "地市分公司",
        "网上客户",
        f"西安市雁塔区科技路{number}号",
        "710065",
        dice.choice(("王建国", "李秀英", "欧阳娜娜")),
        "主任",
        "男",
        "40",
        "029-88888888",
        phone,
        "029-88888889",
        f"u{number}@example.com.cn",
        f"经理{number % _MANAGERS}",
        "",
        "标准格式",
        "",
    ]


def _credit_code(number: int) -> str:
    body = f"91610113{number:09d}"
    total = sum(USCC_ALPHABET.index(mark) * w for mark, w in zip(body, _WEIGHTS, strict=True))
    return body + USCC_ALPHABET[(31 - total % 31) % 31]
