"""Which addresses a webhook may call (trust corpus K)."""

import socket
import time
from ipaddress import ip_address

import pytest

from crm.outbox.channels import targets
from crm.outbox.channels.targets import check_url, is_allowed, look_up
from crm.outbox.errors import BadTarget

PUBLIC = "93.184.216.34"


@pytest.fixture(autouse=True)
def no_private_network(settings):
    settings.KEDANG_WEBHOOK_NETWORKS = []


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://em.example.cn/hook", "em.example.cn", 443, "/hook"),
        ("http://em.example.cn", "em.example.cn", 80, "/"),
        ("https://EM.Example.cn:8443/a?b=%E5%85%B0", "em.example.cn", 8443, "/a?b=%E5%85%B0"),
        ("http://em.example.cn:443/", "em.example.cn", 443, "/"),
        (f"http://{PUBLIC}/", PUBLIC, 80, "/"),
        ("http://[2606:4700::1111]:8080/", "2606:4700::1111", 8080, "/"),
    ],
)
def test_plain_addresses_are_taken_apart(url, host, port, path):
    target = check_url(url)
    assert (target.host, target.port, target.path) == (host, port, path)


@pytest.mark.parametrize(
    "url",
    [
        # B280: other spellings of an address
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0X7F000001/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.1/",
        "http://0/",
        "http://1572395042/",
        "http://①②⑦.0.0.1/",
        "http://127。0。0。1/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::ffff:93.184.216.34]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[::1]/",
        "http://[fe80::1%25eth0]/",
        "http://%31%32%37.0.0.1/",
        "http://127.0.0.1./",
        "http://93.184.216.34./",
        "http://em.example.cn./",
        # the plain spellings of what is inside
        "http://127.0.0.1/",
        "http://10.1.2.3/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://[fd00::1]/",
        "http://[ff02::1]/",
        # B283: other schemes, credentials, ports
        "file:///etc/passwd",
        "gopher://em.example.cn/",
        "ftp://em.example.cn/",
        "//em.example.cn/",
        "em.example.cn",
        "",
        "http:///path",
        "http://user:pw@em.example.cn/",
        "http://user@em.example.cn/",
        "http://@em.example.cn/",
        "http://em.example.cn@127.0.0.1/",
        "http://em.example.cn:22/",
        "http://em.example.cn:25/",
        "http://em.example.cn:6379/",
        "http://em.example.cn:5432/",
        "http://em.example.cn:0/",
        "http://em.example.cn:65536/",
        "http://em.example.cn:http/",
        "http://em.example.cn/#part",
        "http://em.example.cn\\@127.0.0.1/",
        "http://em.example.cn/a b",
        "http://em.example.cn/\r\nX-Evil: 1",
        "http://em_example.cn/",
        "http://-em.example.cn/",
        "http://[::1",
        "http://客户.example.cn/",
        "http://" + "a" * 64 + ".cn/",
        "http://em.example.cn/" + "a" * 500,
    ],
)
def test_every_other_shape_is_refused(url):
    with pytest.raises(BadTarget):
        check_url(url)


def test_a_listed_network_may_be_called_and_no_other(settings):
    settings.KEDANG_WEBHOOK_NETWORKS = ["127.0.0.0/8", "fd00:1::/32"]
    assert check_url("http://127.0.0.1:8099/hook").port == 8099
    assert check_url("http://[fd00:1::5]/").host == "fd00:1::5"
    for url in ("http://10.0.0.1/", "http://[fd00:2::5]/", "http://[::ffff:127.0.0.1]/"):
        with pytest.raises(BadTarget):
            check_url(url)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [(PUBLIC, True), ("2606:4700::1111", True), ("192.0.2.1", False), ("198.18.0.1", False)],
)
def test_only_public_addresses_are_allowed(address, allowed):
    assert is_allowed(ip_address(address)) is allowed


def answering(*addresses):
    """A resolver that says these addresses."""

    def answer(host, port, **_kwargs):
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port),
            )
            for address in addresses
        ]

    return answer


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.8", "::1", "::ffff:10.0.0.8"])
def test_a_name_that_points_inside_is_refused_when_it_is_called(monkeypatch, inside):
    """B281; one public address beside it is no excuse."""
    monkeypatch.setattr(targets.socket, "getaddrinfo", answering(PUBLIC, inside))
    with pytest.raises(BadTarget):
        look_up(check_url("http://em.example.cn/"), seconds=1)


def test_a_public_name_is_looked_up_once_and_its_address_is_what_is_called(monkeypatch):
    monkeypatch.setattr(targets.socket, "getaddrinfo", answering(PUBLIC))
    found = look_up(check_url("https://em.example.cn/"), seconds=1)
    assert found == [(socket.AF_INET, (PUBLIC, 443))]


def test_a_resolver_that_never_answers_ends_with_the_call(monkeypatch):
    monkeypatch.setattr(targets.socket, "getaddrinfo", lambda *_a, **_k: time.sleep(0.4) or [])
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        look_up(check_url("https://em.example.cn/"), seconds=0.05)
    assert time.monotonic() - began < 0.3


def test_a_name_nobody_knows_is_an_error_of_the_network(monkeypatch):
    def unknown(*_args, **_kwargs):
        raise socket.gaierror(-2, "unknown")

    monkeypatch.setattr(targets.socket, "getaddrinfo", unknown)
    with pytest.raises(socket.gaierror):
        look_up(check_url("https://em.example.cn/"), seconds=1)
