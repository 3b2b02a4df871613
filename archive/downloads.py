"""Bytes as an answer: as a file to save, under its own name, kept by no cache (SEC-15).

Ranges are answered one at a time; whatever else is asked gets the whole file (B253).
"""

import re
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from django.http import HttpResponse

_ONE_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_PLAIN: Final = re.compile(r"[^A-Za-z0-9._-]+")


def disposition_of(name: str) -> str:
    """`Content-Disposition` by RFC 6266: a plain name for old programs, the true one beside it."""
    stem, dot, extension = name.rpartition(".")
    plain = _PLAIN.sub("_", stem).strip("_.") or "file"
    return (
        f"attachment; filename=\"{plain}{dot}{extension}\"; filename*=UTF-8''{quote(name, safe='')}"
    )


def wanted_range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte of the one range asked for; None when the header asks for the whole.

    Raises ValueError when nothing of it lies in the file. Lists of ranges, other units and
    nonsense are no range at all (RFC 9110, 14.2).
    """
    found = _ONE_RANGE.fullmatch(header.strip())
    if not found or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        start, end = size - int(last), size - 1
        if int(last) == 0:
            raise ValueError("no bytes asked for")
        return max(start, 0), end
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise ValueError("beyond the end")
    return int(first), min(int(last), size - 1) if last else size - 1


def file_answer(content: bytes, *, name: str, media_type: str, range_header: str) -> HttpResponse:
    """The file, or the part of it that was asked for."""
    size = len(content)
    try:
        part = wanted_range(range_header, size) if range_header else None
    except ValueError:
        response = HttpResponse(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
        response["Content-Range"] = f"bytes */{size}"
        return _kept_by_nobody(response)
    if part is None:
        response = HttpResponse(content, content_type=media_type)
    else:
        first, last = part
        response = HttpResponse(
            content[first : last + 1], content_type=media_type, status=HTTPStatus.PARTIAL_CONTENT
        )
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
    response["Content-Disposition"] = disposition_of(name)
    response["Accept-Ranges"] = "bytes"
    response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; sandbox"
    return _kept_by_nobody(response)


def _kept_by_nobody(response: HttpResponse) -> HttpResponse:
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store, private"
    return response
