"""The door to a virus scanner: clamd's INSTREAM, spoken only when one is configured (SEC-16).

Without `KEDANG_CLAMD` files stay marked 未扫描. A scanner that is configured and does not answer
stops the upload: a file nobody looked at must not pass for a scanned one.
"""

import socket
import struct
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from archive.choices import ScanStatus
from archive.errors import FileInfected, ScannerDown

CHUNK: Final = 64 * 1024
SECONDS: Final = 20


def scan(content: bytes) -> ScanStatus:
    """Ask the scanner. Raises FileInfected, ScannerDown.

    `KEDANG_CLAMD` is "host:port" or the path of a socket.
    """
    address = str(getattr(settings, "KEDANG_CLAMD", "") or "")
    if not address:
        return ScanStatus.UNSCANNED
    try:
        answer = _ask(address, content)
    except OSError:
        raise ScannerDown(_("病毒扫描服务没有响应，请稍后再上传")) from None
    if answer.endswith("OK"):
        return ScanStatus.CLEAN
    if answer.endswith("FOUND"):
        raise FileInfected(_("病毒扫描发现恶意内容，文件未保存"))
    raise ScannerDown(_("病毒扫描服务没有响应，请稍后再上传"))


def _ask(address: str, content: bytes) -> str:
    with _connected(address) as line:
        line.sendall(b"zINSTREAM\0")
        for start in range(0, len(content), CHUNK):
            part = content[start : start + CHUNK]
            line.sendall(struct.pack(">I", len(part)) + part)
        line.sendall(struct.pack(">I", 0))
        answer = b""
        while len(answer) < 4096 and (more := line.recv(4096)):
            answer += more
    return answer.rstrip(b"\0\n").decode("ascii", "replace")


def _connected(address: str) -> socket.socket:
    if address.startswith("/"):
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(SECONDS)
        try:
            line.connect(address)
        except OSError:
            line.close()
            raise
        return line
    host, _colon, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=SECONDS)
