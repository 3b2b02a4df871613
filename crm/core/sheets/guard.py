"""Looks at an uploaded file before any reader may: kind, size, bombs, entities, macros.

Corpus B206 to B228. Nothing is unpacked to disk; every part is streamed once, which proves its
checksum and its true size, and the same pass looks at the cells (`scan`).
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

import defusedxml  # type: ignore[import-untyped]
from defusedxml import ElementTree
from django.utils.translation import gettext as _

from crm.core.sheets.scan import BadCells, CellScan, OddMarkup, TooFarOut, TooManyFaults

ZIP: Final = b"PK"
OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_MIB: Final = 2**20
_CHUNK: Final = 4 * _MIB
_DTD: Final = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_CONTENT_TYPES: Final = "[Content_Types].xml"
_WORKBOOK: Final = "xl/workbook.xml"
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REFERENCE: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_RELATION: Final = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, KeyError)


class SheetRefused(ValueError):
    """A whole file that cannot be taken; `message` says why and what to do, in Chinese."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


@dataclass(frozen=True)
class Limits:
    """How much of a stranger's file is read: bytes packed and unpacked, parts, cells."""

    file: int = 50 * _MIB
    unpacked: int = 1024 * _MIB
    ratio: int = 200
    ratio_from: int = 64 * _MIB
    members: int = 2_000
    cells: int = 30_000_000


def check_size(source: BinaryIO, limits: Limits) -> bytes:
    """Refuse empty and oversized files; gives the first bytes and rewinds."""
    size = source.seek(0, 2)
    source.seek(0)
    if not size:
        raise SheetRefused(_("文件是空的，请重新选择"), code="empty")
    if size > limits.file:
        raise SheetRefused(
            _("文件超过 %(limit)d MB，请拆分后上传") % {"limit": limits.file // _MIB},
            code="too_large",
        )
    head = source.read(8)
    source.seek(0)
    return head


def refuse_ole(source: BinaryIO) -> None:
    """Say whether an OLE file is a protected workbook or an old `.xls` (B208)."""
    if "EncryptedPackage".encode("utf-16-le") in source.read(8 * _MIB):
        raise _protected()
    raise SheetRefused(_("这是旧版 .xls 文件，请另存为 .xlsx 后重新上传"), code="old_format")


def inspect_workbook(source: BinaryIO, limits: Limits) -> dict[str, BadCells]:
    """Prove that a zip is an honest `.xlsx`, or raise `SheetRefused`.

    Gives, by sheet name, the cells whose value cannot be known (B215).
    """
    try:
        with zipfile.ZipFile(source) as archive:
            _check_members(archive.infolist(), limits)
            return _read_through(archive, _sheet_names(archive), limits)
    except (*_BROKEN, OddMarkup) as problem:
        raise _broken() from problem
    except TooFarOut as problem:
        raise SheetRefused(
            _("表格过大或列数超过 256，请删除多余的行列后上传"), code="too_large"
        ) from problem
    except TooManyFaults as problem:
        raise SheetRefused(
            _("公式出错的单元格过多，请改为数值后上传"), code="formulas"
        ) from problem
    finally:
        source.seek(0)


def _check_members(members: list[zipfile.ZipInfo], limits: Limits) -> None:
    names = {member.filename for member in members}
    if any(member.flag_bits & 1 for member in members):
        raise _protected()
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise SheetRefused(_("文件含有宏，请另存为不含宏的 .xlsx 后重新上传"), code="macros")
    if not names >= {_WORKBOOK, _CONTENT_TYPES, _RELATIONS}:
        raise SheetRefused(_("这不是 Excel 工作簿，只接受 .xlsx 或 .csv"), code="not_a_workbook")
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    too_dense = unpacked > limits.ratio_from and unpacked > packed * limits.ratio
    too_many = len(members) > limits.members or len(names) < len(members)
    if too_dense or too_many or unpacked > limits.unpacked:
        raise _bomb()


def _sheet_names(archive: zipfile.ZipFile) -> dict[str, str]:
    """Part name → sheet name, by the workbook's own table."""
    try:
        book = ElementTree.fromstring(_small(archive, _WORKBOOK), forbid_dtd=True)
        links = ElementTree.fromstring(_small(archive, _RELATIONS), forbid_dtd=True)
    except defusedxml.DefusedXmlException as problem:
        raise _entities() from problem
    except (ElementTree.ParseError, ValueError, LookupError) as problem:
        raise _broken() from problem
    targets = {
        link.get("Id"): link.get("Target", "").removeprefix("/xl/")
        for link in links.iter(_RELATION)
    }
    sheets = book.iter(f"{_MAIN}sheet")
    return {f"xl/{targets.get(one.get(_REFERENCE), '')}": one.get("name", "") for one in sheets}


def _small(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(4 * _MIB)


def _read_through(
    archive: zipfile.ZipFile, names: dict[str, str], limits: Limits
) -> dict[str, BadCells]:
    """Stream every part once. No part gives more than the size it declares: `zipfile` stops there
    and finds the checksum wrong, so the sum of sizes checked before is the true limit."""
    found: dict[str, BadCells] = {}
    for member in archive.infolist():
        scan = CellScan(limits.cells) if member.filename in names else None
        is_xml = member.filename.lower().endswith((".xml", ".rels", ".vml"))
        for piece in _pieces(archive, member):
            if is_xml:
                _refuse_entities(piece)
            if scan:
                scan.take(piece)
        if scan and scan.bad:
            found[names[member.filename]] = scan.bad
    return found


def _pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Chunks cut behind a whole row where there are rows, else overlapping a little."""
    rest = b""
    with archive.open(member) as part:
        while chunk := part.read(_CHUNK):
            whole = rest + chunk
            cut = whole.rfind(b"row>") + 4
            if cut < 4:
                yield whole
                rest = whole[-16:]
            else:
                yield whole[:cut]
                rest = whole[cut:]
    yield rest


def _refuse_entities(piece: bytes) -> None:
    """No document type, no entities; UTF-16 would hide them from this look (B211)."""
    if _DTD.search(piece) or piece.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in piece:
        raise _entities()


def _entities() -> SheetRefused:
    return SheetRefused(_("文件含有不允许的 XML 实体，已拒绝读取"), code="entities")


def _bomb() -> SheetRefused:
    return SheetRefused(_("文件解压后过大或结构异常，请拆分后重新导出"), code="bomb")


def _broken() -> SheetRefused:
    return SheetRefused(_("文件已损坏或不完整，请重新导出后上传"), code="broken")


def _protected() -> SheetRefused:
    return SheetRefused(_("文件有密码保护，请去掉密码后重新上传"), code="encrypted")
