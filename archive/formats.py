"""What an upload really is: told by its first bytes, and then by its inside (SEC-14).

Pure: bytes in, format or `FileRefused` out. Nothing is unpacked to disk, nothing is executed;
packages are read entry by entry within limits that were checked before.
"""

import io
import re
import unicodedata
import warnings
import zipfile
from collections.abc import Callable
from typing import Final

import defusedxml  # type: ignore[import-untyped]
from defusedxml import ElementTree
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

from archive.choices import FileFormat
from archive.errors import FileRefused, FileTooLarge
from crm.core.text import as_text

MAX_BYTES: Final = 20 * 1024 * 1024
MAX_PIXELS: Final = 50_000_000
MAX_ENTRIES: Final = 3_000
MAX_UNPACKED: Final = 300 * 1024 * 1024
MAX_XML: Final = 2 * 1024 * 1024
MAX_NAME: Final = 120

EXTENSIONS: Final = {
    "pdf": FileFormat.PDF,
    "jpg": FileFormat.JPEG,
    "jpeg": FileFormat.JPEG,
    "png": FileFormat.PNG,
    "xlsx": FileFormat.XLSX,
    "docx": FileFormat.DOCX,
    "ofd": FileFormat.OFD,
    "csv": FileFormat.CSV,
}
DECLARED: Final = {
    FileFormat.PDF: {"application/pdf"},
    FileFormat.JPEG: {"image/jpeg", "image/pjpeg", "image/jpg"},
    FileFormat.PNG: {"image/png"},
    FileFormat.XLSX: {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    FileFormat.DOCX: {"application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    FileFormat.OFD: {"application/ofd"},
    FileFormat.CSV: {"text/csv", "text/plain", "application/csv", "application/vnd.ms-excel"},
}
UNKNOWN_TYPES: Final = {"", "application/octet-stream", "binary/octet-stream"}
"""What browsers say when they do not know: taken as no statement."""

_ZIP_DECLARED: Final = {"application/zip", "application/x-zip-compressed"}
_MACROS: Final = re.compile(r"vbaproject\.bin$|vbadata\.xml$|/macrosheets/|\.bin\.macro$", re.I)
_EMBEDDED: Final = re.compile(r"/(embeddings|activeX|ctrlProps)/.*\.(bin|exe|ole)$", re.I)
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.I)
_CSV_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def refused_kind() -> FileRefused:
    """The one sentence for everything outside the list."""
    return FileRefused(_("只接受 PDF、JPG、PNG、XLSX、DOCX、OFD、CSV 文件"))


def check_file(content: bytes, *, name: str, declared: str = "") -> FileFormat:
    """The format of an upload whose bytes, extension and declared type agree.

    Raises FileRefused, FileTooLarge. Corpus: B242, B244, B245, B247, B259.
    """
    if not content:
        raise FileRefused(_("文件是空的，请重新选择"))
    if len(content) > MAX_BYTES:
        raise FileTooLarge(_("文件不能超过 %(size)d MB") % {"size": MAX_BYTES // 1024 // 1024})
    found = format_of(content)
    _check_name(found, name)
    _check_declared(found, declared)
    if inside := _INSIDE.get(found):
        inside(content)
    return found


def format_of(content: bytes) -> FileFormat:
    """By first bytes alone; packages by what lies in them. Raises FileRefused."""
    if content.startswith(b"%PDF-"):
        return FileFormat.PDF
    if content.startswith(b"\xff\xd8\xff"):
        return FileFormat.JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return FileFormat.PNG
    if content.startswith(b"PK\x03\x04"):
        return _package_of(content)
    if is_table_text(content):
        return FileFormat.CSV
    raise refused_kind()


def is_table_text(content: bytes) -> bool:
    """Whether it may be a CSV: readable text, not markup, not a script."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        start = text.lstrip()[:1]
        return bool(start) and start not in "<{#%" and not _CSV_CONTROLS.search(text)
    return False


def clean_name(name: object, found: FileFormat | str) -> str:
    """The name as it is shown and downloaded: no folders, no controls, the true extension.

    Never used as a path: bytes lie under their digest. Corpus: B238, B248.
    """
    text = unicodedata.normalize("NFC", as_text(name)).replace("\\", "/").rsplit("/", 1)[-1]
    text = "".join(mark for mark in text if unicodedata.category(mark)[0] != "C")
    text = re.sub(r'[<>:"|?*]', "_", text).strip().rstrip(". ")
    stem, dot, extension = text.rpartition(".")
    if not dot or EXTENSIONS.get(extension.lower()) != found:
        stem, extension = text, str(found)
    stem = stem.strip().strip(".").strip()
    if not stem or _RESERVED.fullmatch(stem):
        stem = _("文件") + (f"_{stem}" if stem else "")
    return f"{stem[: MAX_NAME - len(extension) - 1]}.{extension.lower()}"


def without_place(content: bytes, found: FileFormat) -> bytes:
    """An image without the place where it was taken; everything else as it came (B254)."""
    if found not in (FileFormat.JPEG, FileFormat.PNG):
        return content
    with _opened(content) as image:
        exif = image.getexif()
        if not (exif.get_ifd(0x8825) or "xmp" in image.info or "XML:com.adobe.xmp" in image.info):
            return content
        if 0x8825 in exif:
            del exif[0x8825]
        out = io.BytesIO()
        profile = image.info.get("icc_profile")
        if found is FileFormat.PNG:
            image.save(out, "PNG", exif=exif, icc_profile=profile)
        else:
            quality = "keep" if image.format == "JPEG" else 95
            image.save(out, "JPEG", quality=quality, exif=exif, icc_profile=profile)
    return out.getvalue()


def _check_name(found: FileFormat, name: str) -> None:
    extension = name.rsplit(".", 1)[-1].strip().lower() if "." in name else ""
    if EXTENSIONS.get(extension) != found:
        raise FileRefused(_("文件扩展名与内容不一致：内容是 %(format)s") % {"format": found.label})


def _check_declared(found: FileFormat, declared: str) -> None:
    kind = declared.partition(";")[0].strip().lower()
    package = found in (FileFormat.XLSX, FileFormat.DOCX, FileFormat.OFD)
    if kind in UNKNOWN_TYPES or kind in DECLARED[found] or (package and kind in _ZIP_DECLARED):
        return
    raise FileRefused(_("文件类型与内容不一致：内容是 %(format)s") % {"format": found.label})


def _check_pdf(content: bytes) -> None:
    if b"%%EOF" not in content[-2048:]:
        raise FileRefused(_("PDF 文件不完整，请重新扫描或导出"))


def _opened(content: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(content))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise _too_many_pixels() from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise FileRefused(_("图片已损坏，请重新拍摄或扫描")) from None


def _too_many_pixels() -> FileTooLarge:
    return FileTooLarge(
        _("图片过大，最多 %(count)d 万像素，请压缩后上传") % {"count": MAX_PIXELS // 10_000}
    )


def _check_image(content: bytes) -> None:
    """Small enough, whole, and still: counted before anything is decoded (B245)."""
    with _opened(content) as image:
        frames = getattr(image, "n_frames", 1)
        if image.width * image.height * frames > MAX_PIXELS:
            raise _too_many_pixels()
        try:
            image.load()
        except (OSError, SyntaxError, ValueError):
            raise FileRefused(_("图片已损坏，请重新拍摄或扫描")) from None


def _listed(content: bytes) -> zipfile.ZipFile:
    """The package, its table of contents within limits; nothing is unpacked yet."""
    broken = FileRefused(_("文件已损坏或已加密，无法打开"))
    try:
        package = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise broken from None
    entries = package.infolist()
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise FileTooLarge(_("文件解压后过大"))
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise broken
    return package


def _package_of(content: bytes) -> FileFormat:
    with _listed(content) as package:
        names = set(package.namelist())
    if "OFD.xml" in names:
        return FileFormat.OFD
    if "[Content_Types].xml" in names:
        if "xl/workbook.xml" in names:
            return FileFormat.XLSX
        if "word/document.xml" in names:
            return FileFormat.DOCX
    raise refused_kind()


def _check_office(content: bytes) -> None:
    """No macros, no embedded programs, nothing that is fetched from outside (B247)."""
    with _listed(content) as package:
        names = package.namelist()
        if any(_MACROS.search(name) for name in names):
            raise FileRefused(_("文件含宏，请另存为不含宏的文件后上传"))
        if any(_EMBEDDED.search(name) for name in names):
            raise FileRefused(_("文件含嵌入对象，请删除后上传"))
        if b"macroEnabled" in _entry(package, "[Content_Types].xml"):
            raise FileRefused(_("文件含宏，请另存为不含宏的文件后上传"))
        for name in names:
            if name.endswith(".rels"):
                _check_relations(_entry(package, name))


def _check_relations(xml: bytes) -> None:
    try:
        root = ElementTree.fromstring(xml, forbid_dtd=True)
    except (ElementTree.ParseError, defusedxml.DefusedXmlException, ValueError):
        raise FileRefused(_("文件已损坏或已加密，无法打开")) from None
    for relation in root.iter():
        outside = relation.get("TargetMode", "").lower() == "external"
        if outside and not relation.get("Type", "").endswith("/hyperlink"):
            raise FileRefused(_("文件引用了外部模板或对象，请断开引用后上传"))


def _entry(package: zipfile.ZipFile, name: str) -> bytes:
    """One entry, never more than a table of relations needs: the declared size may lie."""
    try:
        with package.open(name) as entry:
            content = entry.read(MAX_XML + 1)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
        raise FileRefused(_("文件已损坏或已加密，无法打开")) from None
    if len(content) > MAX_XML:
        raise FileTooLarge(_("文件解压后过大"))
    return content


def _check_ofd(content: bytes) -> None:
    with _listed(content) as package:
        _entry(package, "OFD.xml")


_INSIDE: Final[dict[FileFormat, Callable[[bytes], None]]] = {
    FileFormat.PDF: _check_pdf,
    FileFormat.JPEG: _check_image,
    FileFormat.PNG: _check_image,
    FileFormat.XLSX: _check_office,
    FileFormat.DOCX: _check_office,
    FileFormat.OFD: _check_ofd,
}
