"""The set-based writer against the one-row writer: equal rows, history, versions, marks (D13)."""

import json
import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from psycopg2.sql import SQL, Identifier

from crm.core.bulk import bulk_insert, bulk_update, drop_staging, stage
from crm.core.history import save_as
from crm.identity.choices import Duty
from crm.identity.models import AccountManager, Post, User
from crm.identity.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
ROWS = 300
HISTORY_OWN = {"history_id", "history_date", "id", "user_id", "user"}


@pytest.fixture
def lan(db):
    """The marketing clerk who keeps the cards."""
    return UserFactory(username="lan", name="兰")


def people(count, department):
    """Accounts by one statement: the factory would make 600 departments."""
    password = make_password("x")
    return User.objects.bulk_create(
        User(
            username=f"m{uuid.uuid4().hex}",
            name=f"经理{n}",
            password=password,
            department=department,
            organisation=department.organisation,
            confirmed_at=timezone.now(),
        )
        for n in range(count)
    )


def card(n):
    """Values that are easily spoilt on the way: quotes, tabs, per cent, backslashes, emoji."""
    return {
        "sex": ["m", "f", ""][n % 3],
        "position": f"客户经理 {n}% \\ 'x' \"y\"",
        "mobile": f"1380000{n:04d}",
        "home_address": f"西安市\t莲湖区\n{n} 号 😀" if n % 2 else "",
        "postcode": "710000" if n % 5 else "",
        "capacity_weight": Decimal(n % 7) / 4,
        "is_live": n % 11 != 0,
    }


CARD_TYPES = {
    "sex": "text",
    "position": "text",
    "mobile": "text",
    "home_address": "text",
    "postcode": "text",
    "capacity_weight": "numeric",
    "is_live": "boolean",
}
CARD_COLUMNS = {name: f"s.{name}" for name in CARD_TYPES}


def facts(row, *, without=("id", "user_id", "field_marks")):
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.attname not in without
    }


def marks(row):
    return {
        name: {key: value for key, value in mark.items() if key != "at"}
        for name, mark in row.field_marks.items()
    }


def told(row):
    """The row's history, oldest first, without what must differ."""
    return [
        {
            field.attname: getattr(record, field.attname)
            for field in record._meta.concrete_fields
            if field.name not in HISTORY_OWN and field.attname not in HISTORY_OWN
        }
        for record in row.history.order_by("history_id")
    ]


def assert_alike(ones, twins):
    for one, twin in zip(ones, twins, strict=True):
        assert facts(one) == facts(twin)
        assert marks(one) == marks(twin)
        assert told(one) == told(twin)


def one_by_one(users, by):
    for n, user in enumerate(users):
        row = AccountManager(user=user, **card(n))
        save_as(row, by=by, reason="导入 KH-7", expected=None, form="KH-7")
    return cards_of(users)


def cards_of(users):
    return list(AccountManager.objects.filter(user__in=users).order_by("user_id"))


def all_at_once(users, by):
    rows = [[user.pk, *card(n).values()] for n, user in enumerate(users)]
    staging = stage([("user_id", "bigint"), *CARD_TYPES.items()], iter(rows))
    made = bulk_insert(
        AccountManager,
        staging=staging,
        columns={"user": "s.user_id", **CARD_COLUMNS},
        by=by,
        reason="导入 KH-7",
        form="KH-7",
    )
    assert made == len(users)
    return cards_of(users)


@pytest.mark.slow
def test_three_hundred_rows_one_by_one_and_all_at_once_are_equal(lan):
    users = people(2 * ROWS, lan.department)
    ones, twins = one_by_one(users[:ROWS], lan), all_at_once(users[ROWS:], lan)
    assert_alike(ones, twins)
    assert {row.version for row in twins} == {1}
    assert set(twins[0].field_marks) == {
        field.name
        for field in AccountManager._meta.concrete_fields
        if field.name not in {"id", "version", "field_marks"}
    }
    assert marks(twins[7])["mobile"] == {"by": lan.pk, "form": "KH-7"}
    assert [record["history_type"] for record in told(twins[7])] == ["+"]


@pytest.mark.slow
def test_three_hundred_changes_one_by_one_and_all_at_once_are_equal(lan):
    users = people(2 * ROWS, lan.department)
    ones = all_at_once(users[:ROWS], lan)
    twins = all_at_once(users[ROWS:], lan)
    zhao = UserFactory(name="赵", department=lan.department)
    changes = [
        {
            "mobile": f"1390000{n:04d}" if n % 2 else row.mobile,
            "capacity_weight": Decimal("1.25") if n % 3 else row.capacity_weight,
            "is_live": not row.is_live,
        }
        for n, row in enumerate(ones)
    ]
    for row, change in zip(ones, changes, strict=True):
        for name, value in change.items():
            setattr(row, name, value)
        save_as(row, by=zhao, reason="换号", expected=1, fields=change, form="WH-9")
    staging = stage(
        [("id", "bigint"), ("mobile", "text"), ("weight", "numeric"), ("is_live", "boolean")],
        [[row.pk, *change.values()] for row, change in zip(twins, changes, strict=True)],
    )
    changed = bulk_update(
        AccountManager,
        staging=staging,
        columns={"mobile": "s.mobile", "capacity_weight": "s.weight", "is_live": "s.is_live"},
        by=zhao,
        reason="换号",
        form="WH-9",
    )
    assert changed == ROWS
    assert_alike(cards_of(users[:ROWS]), cards_of(users[ROWS:]))
    twin = cards_of(users[ROWS:])[0]
    assert twin.version == 2
    assert marks(twin)["is_live"] == {"by": zhao.pk, "form": "WH-9"}
    assert marks(twin)["mobile"] == {"by": lan.pk, "form": "KH-7"}
    assert [record["history_type"] for record in told(twin)] == ["+", "~"]


def test_empty_dates_and_links_come_out_as_by_hand(lan):
    users = people(40, lan.department)
    start = date(2026, 1, 31)
    ends = [None if n % 2 else start + timedelta(days=n) for n in range(20)]
    for user, end in zip(users[:20], ends, strict=True):
        post = Post(
            user=user, department=lan.department, duty=Duty.AM, starts_on=start, ends_on=end
        )
        save_as(post, by=lan, reason="入职", expected=None)
    staging = stage(
        [("who", "bigint"), ("until", "date")],
        [[user.pk, end] for user, end in zip(users[20:], ends, strict=True)],
    )
    bulk_insert(
        Post,
        staging=staging,
        columns={
            "user": "s.who",
            "department": str(lan.department_id),
            "duty": "'AM'",
            "starts_on": "date '2026-01-31'",
            "ends_on": "s.until",
        },
        by=lan,
        reason="入职",
    )
    rows = list(Post.objects.filter(user__in=users).order_by("user_id"))
    assert_alike(rows[:20], rows[20:])
    assert rows[21].ends_on is None
    assert rows[22].ends_on == date(2026, 2, 2)


def test_a_row_that_stays_the_same_gets_no_version_and_no_history(lan):
    users = people(3, lan.department)
    rows = all_at_once(users, lan)
    staging = stage(
        [("id", "bigint"), ("mobile", "text")],
        [[rows[0].pk, rows[0].mobile], [rows[1].pk, "13700000000"], [10**12, "13700000001"]],
    )
    changed = bulk_update(
        AccountManager, staging=staging, columns={"mobile": "s.mobile"}, by=lan, reason="核对"
    )
    assert changed == 1
    assert [row.version for row in cards_of(users)] == [1, 2, 1]
    assert [row.history.count() for row in cards_of(users)] == [1, 2, 1]


def test_rows_are_found_by_another_field_than_the_key(lan):
    users = people(2, lan.department)
    all_at_once(users, lan)
    staging = stage([("user", "bigint"), ("post", "text")], [[users[1].pk, "主管"]])
    changed = bulk_update(
        AccountManager,
        staging=staging,
        columns={"position": "s.post"},
        match="user",
        by=lan,
        reason="任命",
    )
    assert changed == 1
    assert cards_of(users)[1].position == "主管"


def test_two_staged_rows_for_one_row_are_refused_and_change_nothing(lan):
    users = people(1, lan.department)
    (row,) = all_at_once(users, lan)
    staging = stage([("id", "bigint"), ("mobile", "text")], [[row.pk, "1"], [row.pk, "2"]])
    with pytest.raises(ValueError, match="id twice"):
        bulk_update(
            AccountManager, staging=staging, columns={"mobile": "s.mobile"}, by=lan, reason="x"
        )
    assert facts(cards_of(users)[0]) == facts(row)


def test_a_broken_constraint_speaks_its_own_sentence_and_nothing_is_written(lan):
    users = people(2, lan.department)
    staging = stage([("who", "bigint")], [[users[0].pk], [users[1].pk], [users[1].pk]])
    with pytest.raises(ValidationError, match="该人员已担任此岗位"):
        bulk_insert(
            Post,
            staging=staging,
            columns={
                "user": "s.who",
                "department": str(lan.department_id),
                "duty": "'AM'",
                "starts_on": "date '2026-01-31'",
            },
            by=lan,
            reason="入职",
        )
    assert not Post.objects.filter(user__in=users).exists()
    assert not Post.history.filter(user_id__in=[user.pk for user in users]).exists()


def test_a_text_that_is_too_long_is_not_cut_in_silence(lan):
    (row,) = all_at_once(people(1, lan.department), lan)
    staging = stage([("id", "bigint"), ("mobile", "text")], [[row.pk, "1" * 21]])
    with pytest.raises(Exception, match="too long"), transaction.atomic():
        bulk_update(
            AccountManager, staging=staging, columns={"mobile": "s.mobile"}, by=lan, reason="x"
        )


@pytest.mark.parametrize("name", ["version", "field_marks", "nothing"])
def test_a_field_that_is_not_there_or_not_the_callers_is_refused(lan, name):
    staging = stage([("id", "bigint")], [])
    with pytest.raises(ValueError, match=name):
        bulk_update(AccountManager, staging=staging, columns={name: "1"}, by=lan, reason="x")
    with pytest.raises(ValueError, match=name):
        bulk_insert(AccountManager, staging=staging, columns={name: "1"}, by=lan, reason="x")


def test_every_kind_of_value_arrives_as_it_was_sent(db):
    at = timezone.now()
    key = uuid.uuid4()
    row = [
        "a\\b\tc\nd\re%s",
        None,
        10**15,
        Decimal("1.50"),
        True,
        date(2026, 2, 28),
        at,
        key,
        ["x", 'q"u\\o,te', None, "{}"],
        {"名": ["值", 1, None]},
        Duty.AM,
        "",
    ]
    names = [
        "text", "text", "bigint", "numeric(6,2)", "boolean", "date",
        "timestamp with time zone", "uuid", "text[]", "jsonb", "text", "text",
    ]  # fmt: skip
    staging = stage([(f"c{n}", kind) for n, kind in enumerate(names)], [row])
    with connection.cursor() as cursor:
        cursor.execute(
            SQL("SELECT * FROM {}").format(Identifier(staging)).as_string(cursor.connection)
        )
        got = list(cursor.fetchone())
    got[9] = json.loads(got[9])
    assert got == row


def test_the_staging_table_streams_and_goes(db):
    staging = stage([("n", "integer")], ([n] for n in range(100_000)))
    with connection.cursor() as cursor:
        cursor.execute(
            SQL("SELECT count(*), sum(n) FROM {}")
            .format(Identifier(staging))
            .as_string(cursor.connection)
        )
        assert cursor.fetchone() == (100_000, 4_999_950_000)
        drop_staging(staging)
        cursor.execute("SELECT to_regclass(%s)", [staging])
        assert cursor.fetchone() == (None,)


def test_a_row_of_another_width_or_a_strange_type_is_refused(db):
    with pytest.raises(ValueError, match="2 values, not 1"), transaction.atomic():
        stage([("n", "integer")], [[1, 2]])
    with pytest.raises(ValueError, match="not a PostgreSQL type"), transaction.atomic():
        stage([("n", "integer); DROP TABLE x; --")], [])
    with pytest.raises(TypeError, match="cannot stage a set"), transaction.atomic():
        stage([("n", "integer")], [[{1}]])


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_staging_needs_a_transaction():
    with pytest.raises(transaction.TransactionManagementError):
        stage([("n", "integer")], [])


def test_a_per_cent_sign_in_reason_or_expression_means_itself(lan):
    (row,) = all_at_once(people(1, lan.department), lan)
    staging = stage([("id", "bigint")], [[row.pk]])
    bulk_update(
        AccountManager,
        staging=staging,
        columns={"position": "CASE WHEN 'abc' LIKE 'a%' THEN '100%s' ELSE 'no' END"},
        by=lan,
        reason="提高 5%s",
    )
    assert cards_of([row.user])[0].position == "100%s"
    assert row.history.latest("history_id").history_change_reason == "提高 5%s"
