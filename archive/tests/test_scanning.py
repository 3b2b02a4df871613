"""The door to the virus scanner (SEC-16)."""

import socket
import struct
import threading

import pytest
from django.test import override_settings

from archive.choices import ScanStatus
from archive.errors import FileInfected, ScannerDown
from archive.scanning import CHUNK, scan

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class Clamd(threading.Thread):
    """One INSTREAM conversation as clamd holds it; names EICAR, or answers as told."""

    def __init__(self, answer=None):
        super().__init__(daemon=True)
        self.answer = answer
        self.received = b""
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"

    def run(self):
        line, _peer = self.socket.accept()
        with line, line.makefile("rb") as stream:
            assert stream.read(10) == b"zINSTREAM\0"
            while size := struct.unpack(">I", stream.read(4))[0]:
                self.received += stream.read(size)
            found = b"stream: Eicar FOUND\0" if EICAR in self.received else b"stream: OK\0"
            line.sendall(found if self.answer is None else self.answer)
        self.socket.close()


def talk(content, answer=None):
    server = Clamd(answer)
    server.start()
    try:
        with override_settings(KEDANG_CLAMD=server.address):
            return scan(content), server
    finally:
        server.join(5)


def test_without_a_scanner_a_file_stays_marked_unscanned():
    assert scan(EICAR) == ScanStatus.UNSCANNED
    assert str(ScanStatus.UNSCANNED.label) == "未扫描"


def test_a_clean_file_is_sent_whole_in_pieces_and_marked():
    content = b"x" * (CHUNK * 2 + 7)
    status, server = talk(content)
    assert status == ScanStatus.CLEAN
    assert server.received == content


def test_sec16_the_eicar_file_is_refused():
    with pytest.raises(FileInfected):
        talk(EICAR)


@pytest.mark.parametrize("answer", [b"", b"INSTREAM size limit exceeded. ERROR\0"])
def test_a_scanner_without_a_verdict_stops_the_upload(answer):
    with pytest.raises(ScannerDown):
        talk(b"x", answer)


def test_a_scanner_that_is_away_stops_the_upload():
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with override_settings(KEDANG_CLAMD=address), pytest.raises(ScannerDown):
        scan(b"x")


def test_a_socket_path_is_spoken_to_as_well(tmp_path):
    with override_settings(KEDANG_CLAMD=str(tmp_path / "none.sock")), pytest.raises(ScannerDown):
        scan(b"x")
