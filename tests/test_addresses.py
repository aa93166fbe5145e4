"""Addresses of servers: one spelling each, https or loopback, and nothing in them that two readers read differently."""

from __future__ import annotations

import httpx
import pytest

from engine.http.addresses import is_loopback, normalize_lago_url, normalize_server_url

SPELLINGS = [
    ("https://api.getlago.com", "https://api.getlago.com/api/v1"),
    ("https://api.getlago.com/", "https://api.getlago.com/api/v1"),
    ("https://api.getlago.com/api/v1", "https://api.getlago.com/api/v1"),
    ("https://api.getlago.com/api/v1/", "https://api.getlago.com/api/v1"),
    ("HTTPS://API.GetLago.com:443/", "https://api.getlago.com/api/v1"),
    ("https://api.getlago.com.", "https://api.getlago.com/api/v1"),
    ("https://lago.example:8443/billing", "https://lago.example:8443/billing/api/v1"),
    ("https://lago.example:", "https://lago.example/api/v1"),
    ("https://lago_api", "https://lago_api/api/v1"),
    ("https://10.0.0.7", "https://10.0.0.7/api/v1"),
    ("https://[2001:DB8::0:1]:443", "https://[2001:db8::1]/api/v1"),
    ("http://127.0.0.1:3000", "http://127.0.0.1:3000/api/v1"),
    ("http://127.9.9.9", "http://127.9.9.9/api/v1"),
    ("http://[::1]:3000", "http://[::1]:3000/api/v1"),
    ("http://LocalHost.:3000/", "http://localhost:3000/api/v1"),
]


@pytest.mark.parametrize(("text", "address"), SPELLINGS)
def test_an_address_has_one_spelling(text: str, address: str) -> None:
    assert normalize_lago_url(text) == address
    assert normalize_lago_url(address) == address


@pytest.mark.parametrize(("text", "address"), SPELLINGS)
def test_the_http_library_reads_it_as_we_do(text: str, address: str) -> None:
    assert str(httpx.URL(address)) == address


def test_a_consoles_path_is_kept_and_nothing_is_added() -> None:
    assert normalize_server_url("https://Console.example/internal/") == "https://console.example/internal"
    assert normalize_server_url("https://console.example") == "https://console.example"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "an address is needed"),
        ("api.getlago.com", "an address is needed"),
        ("//api.getlago.com", "an address is needed"),
        ("ftp://api.getlago.com", "an address is needed"),
        ("https:///api/v1", "an address is needed"),
        ("https://lago.example:0", "an address is needed"),
        ("https://lago.example:99999", "Port out of range"),
        ("https://[::1", "Invalid IPv6"),
        ("https://jane@lago.example", "a name or password does not belong"),
        ("https://jane:secret@lago.example", "a name or password does not belong"),
        ("https://good.example\\@evil.example", "a name or password does not belong"),
        ("https://lago.example?x=1", "no `\\?`"),
        ("https://lago.example/#", "no `\\?`"),
        ("https://lago.example/a b", "spaces"),
        ("https://lago.example\n", "spaces"),
        ("https://lagö.example", "beyond ASCII"),
        ("https://good.example\\.evil.example", "no name of a host"),
        ("https://h%41st.example", "no name of a host"),
        ("https://*.example", "no name of a host"),
        ("https://a..b", "no name of a host"),
        ("https://-a.example", "no name of a host"),
        ("https://lago.example;x", "no name of a host"),
        ("https://" + "a" * 64 + ".example", "no name of a host"),
        ("https://1.2.3.4.5", "no name of a host"),
        ("https://0x7f000001", "no name of a host"),
        ("https://[fe80::1%25eth0]", "no name of a host"),
        ("https://lago.example/../x", "its path"),
        ("https://lago.example/%2e%2e/x", "its path"),
        ("https://lago.example/a;b", "its path"),
        ("http://lago.example", "loopback only"),
        ("http://10.0.0.7", "loopback only"),
        ("http://localhost.example", "loopback only"),
        ("http://127.0.0.1.example", "loopback only"),
        ("http://127.1", "no name of a host"),
    ],
)
def test_what_is_no_address_is_refused_and_told_why(text: str, says: str) -> None:
    for normalize in (normalize_lago_url, normalize_server_url):
        with pytest.raises(ValueError, match=says) as refused:
            normalize(text)
        assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:1/api/v1", True),
        ("http://127.255.0.1", True),
        ("http://[::1]", True),
        ("https://localhost", True),
        ("https://localhost.", True),
        ("https://lago.example", False),
        ("https://localhost.example", False),
        ("https://0.0.0.0", False),
        ("https://[::1", False),
        ("", False),
    ],
)
def test_loopback_is_what_can_only_mean_this_machine(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback
