"""Pages by key (D8): every row once, in order, forwards and backwards."""

import pytest

from crm.core.errors import BadRequest
from crm.core.models import DictEntry
from crm.core.paging import Count, capped_count, keyset, read_token, token_of

pytestmark = pytest.mark.django_db
ORDER = ("-position", "code")


@pytest.fixture
def rows():
    DictEntry.objects.bulk_create(
        DictEntry(kind="test", code=f"{n:03}", label=f"项{n}", position=n % 3) for n in range(25)
    )
    return DictEntry.objects.filter(kind="test")


def test_walking_forwards_and_back_shows_every_row_once(rows):
    wanted = [row.code for row in rows.order_by(*ORDER)]
    seen, token, pages = [], "", []
    while True:
        page = keyset(rows, order=ORDER, token=token, size=10)
        seen += [row.code for row in page.rows]
        pages.append([row.code for row in page.rows])
        if not page.next:
            break
        token = page.next
    assert seen == wanted
    back = keyset(rows, order=ORDER, token=page.previous, size=10)
    assert [row.code for row in back.rows] == pages[-2]
    assert keyset(rows, order=ORDER, token=back.previous, size=10).previous == ""


@pytest.mark.parametrize("token", ["x", "AAAA", "WzFd", token_of([1, 2, 3]), token_of([[1], 2])])
def test_a_token_that_was_tampered_with_is_refused(rows, token):
    with pytest.raises(BadRequest):
        keyset(rows, order=ORDER, token=token)


def test_a_token_keeps_its_values():
    assert read_token(token_of([3, "张三"], backwards=True), 2) == (True, [3, "张三"])


def test_a_count_stops_at_its_cap_and_says_so(rows):
    assert capped_count(rows, cap=10) == Count(10, more=True)
    assert str(capped_count(rows, cap=10)) == "10+"
    assert str(capped_count(rows, cap=25)) == "25"
