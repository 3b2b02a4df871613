"""Make the character tables of `crm/core/data` that search needs. Run once, by a developer.

    python scripts/make_pinyin.py --opencc FOLDER

needs pypinyin (a runtime requirement) and, for the table of traditional characters, the dictionary
folder of the package opencc-python-reimplemented 0.1.7, installed anywhere (it is no requirement of
ours). Reading a name at run time is then two look-ups a character instead of 100 µs of pypinyin.
"""

import argparse
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path

from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

DATA = Path(__file__).resolve().parent.parent / "crm" / "core" / "data"

# Readings that firms and shops mean far more often than the first one of the dictionary.
CHARACTERS = {"长": "c", "行": "h", "曾": "z", "漯": "l", "盖": "g"}

SOUNDS = {"长": "chang", "行": "hang", "曾": "zeng", "漯": "luo", "盖": "gai"}

# Place names and words the phrase dictionary lacks or reads otherwise than the place does.
PHRASES = {
    "重庆": "cq", "厦门": "xm", "厦大": "xd", "长安": "ca", "乐清": "yq", "六安": "la",
    "南乐": "nl", "民乐": "ml", "单县": "sx", "浚县": "xx", "涡阳": "gy", "洪洞": "ht",
    "繁峙": "fs", "崆峒": "kt", "朝阳": "cy", "红寺堡": "hsp", "覃塘": "qt", "龙圩": "lx",
    "荥经": "yj", "漯河": "lh", "筠连": "jl", "柞水": "zs", "栎阳": "yy", "浒墅关": "xsg",
    "十里堡": "slp", "吴堡": "wb", "东阿": "de", "行唐": "xt", "长子县": "zzx",
    "旅行": "lx", "自行车": "zxc",
}  # fmt: skip

# Characters that are read otherwise when they are a surname, and surnames of two characters.
SURNAMES = {
    "单": "s", "仇": "q", "解": "x", "查": "z", "曾": "z", "朴": "p", "盖": "g", "区": "o",
    "任": "r", "华": "h", "冼": "x", "洗": "x", "员": "y", "乜": "n", "柏": "b", "繁": "p",
    "覃": "q", "折": "s", "种": "c", "逄": "p", "黑": "h", "牟": "m", "秘": "b", "卜": "b",
    "谌": "c", "宓": "m", "隗": "w", "钭": "t", "莘": "s", "燕": "y", "於": "y", "訾": "z",
    "祭": "z", "晁": "c", "阚": "k", "缪": "m", "仉": "z", "那": "n", "能": "n", "车": "c",
    "句": "g", "过": "g", "纪": "j", "贾": "j", "强": "q", "翟": "z", "宿": "s", "郗": "x",
    "相": "x", "乐": "y", "占": "z", "召": "s", "重": "c", "都": "d", "尉": "w", "叶": "y",
    "葛": "g", "褚": "c", "佴": "n", "俎": "z", "石": "s", "沈": "s", "冯": "f", "盛": "s",
    "应": "y", "长": "c", "行": "x", "降": "j", "参": "c", "朝": "c", "藏": "z", "臧": "z",
    "尹": "y", "殷": "y", "兴": "x", "教": "j", "抹": "m", "便": "b", "郇": "x", "甄": "z",
    "尉迟": "yc", "万俟": "mq", "澹台": "tt", "长孙": "zs", "令狐": "lh", "宰父": "zf",
    "单于": "cy", "欧阳": "oy", "司马": "sm", "上官": "sg", "诸葛": "zg", "夏侯": "xh",
    "皇甫": "hf", "公孙": "gs", "慕容": "mr", "宇文": "yw", "司徒": "st", "司空": "sk",
    "端木": "dm", "呼延": "hy", "南宫": "ng", "东方": "df", "独孤": "dg", "申屠": "st",
}  # fmt: skip

CREDIT = (
    "# Derived from the character dictionary of OpenCC (Apache License 2.0): traditional, simple.\n"
)


def initial_of(reading: str) -> str:
    """The first plain letter of one reading: `lǜ` gives `l`."""
    for mark in unicodedata.normalize("NFD", reading):
        if mark.isascii() and mark.isalpha():
            return mark.lower()
    return ""


def character_table() -> dict[str, str]:
    """Every character pypinyin knows, with the initial of its first reading."""
    table = {chr(code): initial_of(text.split(",")[0]) for code, text in PINYIN_DICT.items()}
    return {mark: letter for mark, letter in (table | CHARACTERS).items() if letter}


def sound_of(reading: str) -> str:
    """The letters of one reading without its tone: `lǜ` gives `lv`, `cháng` gives `chang`."""
    letters = unicodedata.normalize("NFD", reading).replace("u\u0308", "v")
    return "".join(mark for mark in letters if mark.isascii() and mark.isalpha())


def sound_table() -> dict[str, str]:
    """The common characters (U+4E00 to U+9FFF) with the syllable of their first reading."""
    table = {
        chr(code): sound_of(text.split(",")[0])
        for code, text in PINYIN_DICT.items()
        if 0x4E00 <= code <= 0x9FFF
    }
    return {mark: sound for mark, sound in (table | SOUNDS).items() if sound}


def phrase_table(table: dict[str, str]) -> dict[str, str]:
    """Phrases of two or three characters that are not the sum of their characters."""
    found = {}
    for phrase, readings in PHRASES_DICT.items():
        if not 2 <= len(phrase) <= 3 or any(mark not in table for mark in phrase):
            continue
        letters = "".join(initial_of(reading[0]) for reading in readings)
        if len(letters) == len(phrase) and letters != "".join(map(table.__getitem__, phrase)):
            found[phrase] = letters
    return found | PHRASES


def simplified_table(folder: Path) -> dict[str, str]:
    """Traditional characters and their simple form, without those that are also a simple one.

    A character of GB 2312 (乾, 著, 徵) is itself in use on the mainland and therefore stays.
    """
    pairs = {}
    for line in (folder / "TSCharacters.txt").read_text("utf-8").splitlines():
        traditional, _tab, simple = line.partition("\t")
        target = simple.split(" ")[0]
        if ord(traditional) > 0xFFFF or target == traditional or _in_gb2312(traditional):
            continue
        pairs[traditional] = target
    return pairs


def _in_gb2312(mark: str) -> bool:
    try:
        mark.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _write_pairs(name: str, pairs: dict[str, str], head: str = "") -> None:
    lines = "".join(f"{key}\t{value}\n" for key, value in sorted(pairs.items()))
    (DATA / name).write_text(head + lines, "utf-8")


def _gathered(table: dict[str, str]) -> dict[str, str]:
    """Letters → every character that is read so."""
    by_letters: defaultdict[str, list[str]] = defaultdict(list)
    for mark, letters in sorted(table.items()):
        by_letters[letters].append(mark)
    return {letters: "".join(marks) for letters, marks in by_letters.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--opencc", type=Path, help="folder that holds TSCharacters.txt")
    options = parser.parse_args()
    table = character_table()
    _write_pairs("pinyin_initials.txt", _gathered(table))
    _write_pairs("pinyin_sounds.txt", _gathered(sound_table()))
    _write_pairs("pinyin_phrases.txt", phrase_table(table))
    _write_pairs("pinyin_surnames.txt", SURNAMES)
    if options.opencc:
        _write_pairs("traditional.txt", simplified_table(options.opencc), CREDIT)
    sys.stdout.write(f"{len(table)} characters, {len(phrase_table(table))} phrases\n")


if __name__ == "__main__":
    main()
