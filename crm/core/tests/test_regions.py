"""The packaged table of regions (GB/T 2260)."""

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

TABLE = Path(__file__).resolve().parent.parent / "data" / "regions.csv"


@pytest.fixture(scope="module")
def regions():
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["code"]: row for row in csv.DictReader(file)}


def test_no_code_stands_twice(regions):
    with TABLE.open(encoding="utf-8") as file:
        assert len(file.readlines()) == len(regions) + 1


def test_how_many_there_are(regions):
    living = Counter(row["level"] for row in regions.values() if not row["valid_to"])
    dead = Counter(row["level"] for row in regions.values() if row["valid_to"])
    assert living == {"province": 34, "prefecture": 333 + 9, "county": 2845}
    assert dead == {"prefecture": 9, "county": 230}


def test_every_code_has_six_digits_and_every_parent_exists(regions):
    above = {"province": "", "prefecture": "province", "county": "prefecture"}
    for code, row in regions.items():
        assert len(code) == 6
        assert code.isdigit()
        parent = regions.get(row["parent"], {"level": ""})
        assert parent["level"] == above[row["level"]], row
        assert row["parent"][:2] in {"", code[:2]}


@pytest.mark.parametrize(
    ("code", "name", "parent"),
    [
        ("330113", "临平区", "330100"),
        ("653228", "和康县", "653200"),
        ("653229", "和安县", "653200"),
        ("500157", "两江新区", "500100"),
        ("450181", "横州市", "450100"),
        ("540481", "米林市", "540400"),
        ("460302", "西沙区", "460300"),
        ("460303", "南沙区", "460300"),
        ("419001", "济源市", "419000"),
        ("659011", "新星市", "659000"),
        ("500229", "城口县", "500200"),
        ("110101", "东城区", "110100"),
        ("310151", "崇明区", "310100"),
        ("710000", "台湾省", ""),
        ("810000", "香港特别行政区", ""),
        ("820000", "澳门特别行政区", ""),
    ],
)
def test_spot_codes_are_in_force(regions, code, name, parent):
    row = regions[code]
    assert (row["name"], row["parent"], row["valid_to"]) == (name, parent, "")


@pytest.mark.parametrize(
    ("code", "name", "last_day"),
    [
        ("500105", "江北区", "2025-11-06"),
        ("500112", "渝北区", "2025-11-06"),
        ("540422", "米林县", "2023-04-02"),
        ("450127", "横县", "2021-12-31"),
        ("371202", "莱城区", "2018-12-31"),
        ("310108", "闸北区", "2015-12-31"),
    ],
)
def test_dead_codes_are_kept_with_their_last_day(regions, code, name, last_day):
    row = regions[code]
    assert (row["name"], row["valid_to"]) == (name, last_day)


def test_days_are_days_and_nothing_dies_before_it_is_born(regions):
    for row in regions.values():
        days = [date.fromisoformat(row[name]) for name in ("valid_from", "valid_to") if row[name]]
        assert days == sorted(days)


@pytest.mark.parametrize(
    ("province", "prefecture"),
    [
        ("北京市", "市辖区"),
        ("重庆市", "市辖区"),
        ("河北省", "石家庄市"),
        ("内蒙古自治区", "锡林郭勒盟"),
        ("新疆维吾尔自治区", "阿勒泰地区"),
        ("吉林省", "延边朝鲜族自治州"),
        ("西藏自治区", "那曲市"),
        ("海南省", "三沙市"),
    ],
)
def test_prefectures_are_found_by_province_and_name(regions, province, prefecture):
    found = [
        row["code"]
        for row in regions.values()
        if row["name"] == prefecture
        and row["parent"]
        and regions[row["parent"]]["name"] == province
        and not row["valid_to"]
    ]
    assert len(found) == 1
