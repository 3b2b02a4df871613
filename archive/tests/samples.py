"""Small true files of every kind, and the bad ones of corpus I, made in memory."""

import io
import struct
import zipfile
import zlib

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

CONTENT_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/'
    'content-types"><Default Extension="xml" ContentType="application/xml"/></Types>'
)
RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
    'relationships">{}</Relationships>'
)
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script>'
    b'<image href="http://127.0.0.1/x.png"/></svg>'
)
HTML = b"<!doctype html><script>alert(1)</script>"
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
CSV = "客户代码,名称\n61060200001234,𠮷祥䶮商行\n".encode("gb18030")


def upload(content, name, declared=""):
    return SimpleUploadedFile(name, content, content_type=declared)


def package(entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def xlsx(**extra):
    entries = {"[Content_Types].xml": CONTENT_TYPES, "xl/workbook.xml": "<workbook/>"}
    return package(entries | extra)


def docx(**extra):
    entries = {"[Content_Types].xml": CONTENT_TYPES, "word/document.xml": "<document/>"}
    return package(entries | extra)


def relation(kind, target, *, external=True):
    mode = ' TargetMode="External"' if external else ""
    return RELATIONS.format(
        f'<Relationship Id="r1" Type="http://x/relationships/{kind}" Target="{target}"{mode}/>'
    )


def ofd():
    return package({"OFD.xml": '<?xml version="1.0"?><OFD/>'})


def image(kind="JPEG", size=(40, 30), **options):
    out = io.BytesIO()
    Image.new("RGB", size, (180, 40, 30)).save(out, kind, **options)
    return out.getvalue()


def photo_with_place(kind="JPEG"):
    """A photo that says where and when it was taken, and by what."""
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    exif.get_ifd(0x8825).update({1: "N", 2: (34.0, 16.0, 1.0), 3: "E", 4: (108.0, 56.0, 1.0)})
    return image(kind, exif=exif.tobytes())


def huge_png(width=50_000, height=50_000):
    """A PNG that says it is huge; not a pixel of it is there."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def many_frames(frames=60, size=(1000, 1000)):
    """An animated PNG whose frames together pass the pixel limit."""
    out = io.BytesIO()
    pictures = [Image.new("P", size, number % 250) for number in range(frames)]
    pictures[0].save(out, "PNG", save_all=True, append_images=pictures[1:])
    return out.getvalue()


def encrypted_zip():
    """A package whose entries say that they are encrypted."""
    content = bytearray(xlsx())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(mark, at + 4)
    return bytes(content)
