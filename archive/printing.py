"""Paper: our forms as PDF by WeasyPrint, which may read nothing but our static files.

Paper is always in Chinese, whatever language the page is read in: these are the bureau's forms.
"""

import base64
import io
import logging
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import structlog
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone, translation
from qrcode import QRCode, constants

from archive.forms_print import PrintMark, RegistrationSheet, TransferSheet
from crm.core.masking import mask_resident_id

logger = structlog.get_logger(__name__)
logging.getLogger("weasyprint.progress").setLevel(logging.WARNING)  # nine lines a page otherwise

BASE: Final = "http://print.invalid/"
"""Base of relative addresses: a name that can never resolve (RFC 2606)."""

PDF_VARIANT: Final = "pdf/a-2u"
"""For keeping: every font embedded, text searchable, nothing fetched later (T-12)."""


COLOURS: Final = "kedang-srgb"


class FetchRefused(ValueError):
    """A print template asked for something other than a static file or a data URI."""


def static_path(url: str) -> Path:
    """The file behind a static address such as /static/css/sheet.css.

    Raises FetchRefused for every other scheme, host or path, for a path that climbs out of the
    static folder, and for a file that is not there. Corpus: B283, SEC-05.
    """
    parts = urlsplit(url)
    prefix = urlsplit(static("")).path
    ours = (parts.scheme, parts.netloc) == tuple(urlsplit(BASE)[:2])
    if not ours or not parts.path.startswith(prefix):
        raise FetchRefused(f"not a static file: {parts.scheme}")
    name = unquote(parts.path.removeprefix(prefix))
    if "\0" in name or "\\" in name or ".." in name.split("/"):
        raise FetchRefused("climbs out of the static folder")
    root = Path(settings.STATIC_ROOT).resolve()
    collected = (root / name).resolve()
    if collected.is_file() and collected.is_relative_to(root):
        return collected
    found = finders.find(name)
    if not found:
        raise FetchRefused("no such static file")
    return Path(found)


def render_pdf(template: str, context: Mapping[str, Any]) -> bytes:
    """The template as an A4 PDF with embedded fonts. Rules: T-13, libs 3.9.

    Whatever the markup asks for beyond static files and data URIs is left out and logged.
    """
    # WeasyPrint loads Pango at import: inside, the application starts on a machine without it.
    from weasyprint import HTML  # noqa: PLC0415
    from weasyprint.css import ColorProfile  # noqa: PLC0415
    from weasyprint.urls import URLFetcher, URLFetcherResponse  # noqa: PLC0415

    class StaticOnly(URLFetcher):
        """Static files from disk and data URIs; no network, no other file (SSRF, B280 to B284)."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if url.startswith("data:"):
                return super().fetch(url, headers)
            try:
                path = static_path(url)
            except FetchRefused as refusal:
                logger.warning("print_fetch_refused", why=str(refusal))
                raise
            return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": _type_of(path)})

    with translation.override(settings.LANGUAGE_CODE):
        html = render_to_string(template, dict(context))
    page = HTML(string=html, base_url=BASE, url_fetcher=StaticOnly(allowed_protocols=["data"]))
    # WeasyPrint's own sRGB profile, read by us: by itself it would leave the file open.
    icc = (files("weasyprint.pdf") / "sRGB2014.icc").read_bytes()
    srgb = ColorProfile(
        io.BytesIO(icc), "sRGB2014.icc", "relative-colorimetric", (["r"], ["g"], ["b"])
    )
    return bytes(
        page.write_pdf(
            pdf_variant=PDF_VARIANT, output_intent=COLOURS, color_profiles={COLOURS: srgb}
        )
    )


def _type_of(path: Path) -> str:
    return {".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png"}.get(
        path.suffix, "application/octet-stream"
    )


def qr_data_uri(text: str) -> str:
    """A QR code as an SVG data URI: one path, black on white, four modules of quiet zone."""
    code = QRCode(error_correction=constants.ERROR_CORRECT_M, border=4)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    dark = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_on in enumerate(row) if is_on
    )
    side = len(rows)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{dark}"/></svg>'
    )
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def watermark_of(mark: PrintMark) -> str:
    """Who printed when, in one line (trust 2.6)."""
    moment = timezone.localtime(mark.at).strftime("%Y-%m-%d %H:%M")
    return "  ".join(part for part in (mark.name, mark.detail, moment) if part)


def print_registration(sheet: RegistrationSheet, *, mark: PrintMark) -> bytes:
    """《客户基础信息登记表》 as PDF. The caller checks the right and logs the print (B-151).

    Rules: T-7, T-13, T-33, T-38 to T-44.
    """
    return render_pdf("print/registration_form.html", registration_context(sheet, mark=mark))


def print_transfer(sheet: TransferSheet, *, mark: PrintMark) -> bytes:
    """《客户基础信息传递表》 as PDF. Rules: T-10, T-11, T-46."""
    return render_pdf("print/transfer_form.html", transfer_context(sheet, mark=mark))


def registration_context(sheet: RegistrationSheet, *, mark: PrintMark) -> dict[str, Any]:
    """What the template reads; also for a preview in the browser."""
    return {
        "sheet": sheet,
        "identity_number": mask_resident_id(sheet.monopoly.identity_number),
        **_frame(sheet.link or sheet.case_number, mark),
    }


def transfer_context(sheet: TransferSheet, *, mark: PrintMark) -> dict[str, Any]:
    """What the template reads; also for a preview in the browser."""
    return {"sheet": sheet, **_frame(sheet.link or sheet.case_number, mark)}


def _frame(code: str, mark: PrintMark) -> dict[str, Any]:
    return {"mark": mark, "watermark": watermark_of(mark), "qr": qr_data_uri(code)}
