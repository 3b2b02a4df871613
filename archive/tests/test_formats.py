"""What an upload really is (SEC-14; corpus I: B242 to B248, B254, B259)."""

import io
import zipfile

import pytest
from PIL import Image

from archive import formats
from archive.choices import FileFormat
from archive.errors import FileRefused, FileTooLarge
from archive.formats import check_file, clean_name, format_of, without_place
from archive.tests import samples

GOOD = {
    "表.pdf": (samples.PDF, "application/pdf", FileFormat.PDF),
    "照片.jpeg": (samples.image(), "image/jpeg", FileFormat.JPEG),
    "章.PNG": (samples.image("PNG"), "image/png", FileFormat.PNG),
    "名单.xlsx": (samples.xlsx(), "", FileFormat.XLSX),
    "合同.docx": (samples.docx(), "application/zip", FileFormat.DOCX),
    "回执.ofd": (samples.ofd(), "application/octet-stream", FileFormat.OFD),
    "清单.csv": (samples.CSV, "application/vnd.ms-excel", FileFormat.CSV),
}


@pytest.mark.parametrize(("name", "given"), GOOD.items())
def test_every_allowed_kind_is_known_by_its_first_bytes(name, given):
    content, declared, wanted = given
    assert check_file(content, name=name, declared=declared) is wanted


BAD = {
    "B242 nothing": (b"", "空.pdf", ""),
    "B244 svg": (samples.SVG, "图.svg", "image/svg+xml"),
    "B244 svg named png": (samples.SVG, "图.png", "image/png"),
    "B244 svg named csv": (samples.SVG, "图.csv", "text/csv"),
    "html": (samples.HTML, "页.html", "text/html"),
    "html named csv": (samples.HTML, "页.csv", "text/csv"),
    "script": (b"#!/bin/sh\nrm -rf /\n", "x.csv", "text/csv"),
    "program": (b"MZ\x90\x00" + bytes(60), "x.pdf", "application/pdf"),
    "old office file": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "旧.xls", "application/vnd.ms-excel"),
    "plain zip": (samples.package({"a.txt": "x"}), "x.zip", "application/zip"),
    "B248 double extension": (samples.PDF, "a.pdf.exe", "application/pdf"),
    "no extension": (samples.PDF, "pdf", "application/pdf"),
    "B259 zip declared png": (samples.xlsx(), "x.xlsx", "image/png"),
    "B259 png named jpg": (samples.image("PNG"), "x.jpg", ""),
    "B247 macro part": (samples.xlsx(**{"xl/vbaProject.bin": b"x"}), "x.xlsx", ""),
    "B247 macro type": (
        samples.docx(**{"[Content_Types].xml": "<Types>macroEnabled</Types>"}),
        "x.docx",
        "",
    ),
    "B247 template": (
        samples.docx(
            **{
                "word/_rels/settings.xml.rels": samples.relation(
                    "attachedTemplate", "http://evil/x.dotm"
                )
            }
        ),
        "x.docx",
        "",
    ),
    "B247 ole": (samples.xlsx(**{"xl/embeddings/oleObject1.bin": b"x"}), "x.xlsx", ""),
    "entity": (
        samples.docx(**{"_rels/.rels": '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'}),
        "x.docx",
        "",
    ),
    "encrypted": (samples.encrypted_zip(), "x.xlsx", ""),
    "half a zip": (samples.xlsx()[:60], "x.xlsx", ""),
    "half a pdf": (b"%PDF-1.7\nhalf", "x.pdf", ""),
    "half a photo": (samples.image(size=(400, 400))[:500], "x.jpg", ""),
    "binary csv": (b"a,b\n\x00\x01", "x.csv", ""),
}


@pytest.mark.parametrize("given", BAD.values(), ids=BAD.keys())
def test_everything_else_is_refused_with_a_sentence(given):
    content, name, declared = given
    with pytest.raises(FileRefused) as refusal:
        check_file(content, name=name, declared=declared)
    assert str(refusal.value.message)
    assert refusal.value.field == "upload"


def test_b242_one_byte_over_the_limit_is_too_large():
    filling = b" " * (formats.MAX_BYTES - len(samples.PDF))
    full = samples.PDF.replace(b"\n%%EOF", filling + b"\n%%EOF")
    assert len(full) == formats.MAX_BYTES
    assert check_file(full, name="满.pdf") is FileFormat.PDF
    with pytest.raises(FileTooLarge, match="20 MB"):
        check_file(full + b"\n", name="满.pdf")


@pytest.mark.parametrize("content", [samples.huge_png(), samples.huge_png(9000, 9000)])
def test_b245_an_image_of_too_many_pixels_is_refused_before_it_is_decoded(content):
    with pytest.raises(FileTooLarge, match="5000 万像素"):
        check_file(content, name="大.png")


def test_b245_frames_are_counted_together():
    with pytest.raises(FileTooLarge, match="像素"):
        check_file(samples.many_frames(), name="动.png")


def test_a_package_that_unpacks_to_too_much_is_refused_unread(monkeypatch):
    monkeypatch.setattr(formats, "MAX_UNPACKED", 1000)
    bomb = samples.xlsx(**{"xl/sheet.xml": "0" * 2000})
    with pytest.raises(FileTooLarge, match="解压"):
        format_of(bomb)


def test_an_entry_that_lies_about_its_size_is_cut_off(monkeypatch):
    monkeypatch.setattr(formats, "MAX_XML", 100)
    with pytest.raises(FileTooLarge, match="解压"):
        check_file(samples.xlsx(**{"_rels/.rels": " " * 500}), name="x.xlsx")


def test_a_link_in_a_sheet_is_no_reason_to_refuse():
    content = samples.xlsx(
        **{"xl/worksheets/_rels/s.rels": samples.relation("hyperlink", "https://a.cn")}
    )
    assert check_file(content, name="x.xlsx") is FileFormat.XLSX


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_b254_the_place_leaves_a_photo_and_the_rest_stays(kind):
    before = samples.photo_with_place(kind)
    found = format_of(before)
    after = without_place(before, found)
    with Image.open(io.BytesIO(before)) as image:
        assert image.getexif().get_ifd(0x8825)
    with Image.open(io.BytesIO(after)) as image:
        assert not image.getexif().get_ifd(0x8825)
        assert image.getexif()[0x010F] == "Camera"
        assert image.size == (40, 30)
    assert check_file(after, name=f"x.{found}") is found


def test_b254_an_xmp_packet_with_a_place_leaves_too():
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><exif:GPSLatitude>34</exif:GPSLatitude></x:xmpmeta>'
    before = samples.image(xmp=xmp)
    assert b"GPSLatitude" in before
    assert b"GPSLatitude" not in without_place(before, FileFormat.JPEG)


def test_a_photo_without_a_place_is_kept_byte_for_byte():
    content = samples.image()
    assert without_place(content, FileFormat.JPEG) is content
    assert without_place(samples.PDF, FileFormat.PDF) is samples.PDF


NAMES = [
    ("登记表.pdf", "登记表.pdf"),
    ("../../etc/x.pdf", "x.pdf"),
    ("C:\\temp\\客户.pdf", "客户.pdf"),
    ("a\0b.pdf", "ab.pdf"),
    ("a.pdf.exe", "a.pdf.exe.pdf"),
    (".htaccess", "htaccess.pdf"),
    ("con", "文件_con.pdf"),
    ("CON.pdf", "文件_CON.pdf"),
    ("x.pdf. . ", "x.pdf"),
    ("", "文件.pdf"),
    ("...", "文件.pdf"),
    ("客户<script>.pdf", "客户_script_.pdf"),
    ("报\u202efdp.exe", "报fdp.exe.pdf"),
    ("x.PDF", "x.pdf"),
    ("𠮷" * 300 + ".pdf", "𠮷" * 116 + ".pdf"),
]


@pytest.mark.parametrize(("given", "wanted"), NAMES)
def test_b238_b248_a_name_is_cleaned_and_carries_the_true_extension(given, wanted):
    assert clean_name(given, FileFormat.PDF) == wanted


def test_no_cleaned_name_is_longer_than_its_column():
    assert len(clean_name("长" * 500 + ".jpeg", FileFormat.JPEG)) == formats.MAX_NAME


def test_a_package_is_never_unpacked_to_disk(monkeypatch):
    def never(*args, **kwargs):
        raise AssertionError

    monkeypatch.setattr(zipfile.ZipFile, "extract", never)
    monkeypatch.setattr(zipfile.ZipFile, "extractall", never)
    assert check_file(samples.docx(), name="x.docx") is FileFormat.DOCX
