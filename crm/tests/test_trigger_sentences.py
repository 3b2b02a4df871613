"""What the database says to people is written as Chinese is."""

import re

import pytest
from django.db import connection


@pytest.mark.django_db
def test_no_sentence_of_a_trigger_has_a_half_width_comma():
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE prosrc LIKE '%RAISE EXCEPTION%'")
        bodies = [body for (body,) in cursor.fetchall()]
    said = [text for body in bodies for text in re.findall(r"RAISE EXCEPTION '([^']*)'", body)]
    chinese = [text for text in said if re.search(r"[\u4e00-\u9fff]", text)]
    assert "时间线只能追加，不能修改或删除" in chinese
    assert [text for text in chinese if "," in text] == []
