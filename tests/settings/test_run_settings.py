"""Settings, and the rules about addresses and tokens."""

from __future__ import annotations

import pytest

from crawler.errors import InputError, TokenError
from crawler.settings.api_token import check_token, read_token_file
from crawler.settings.run import RunSettings
from crawler.settings.service_address import is_loopback, resolve_base_url, sends_token_in_clear, service_of
from crawler.vendor.client import ApiSettings

TOKEN = "t0ken-of-the-test"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("global", "https://api.justoneapi.com"),
        (" CN ", "http://47.117.133.51:30015"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("https://example.com/prefix/", "https://example.com/prefix"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://[fe80::1%25eth0]:8080", "http://[fe80::1%25eth0]:8080"),
        ("http://my_host-1.Example.com.:8080", "http://my_host-1.Example.com.:8080"),
        ("http://例子.测试", "http://例子.测试"),
        ("http://xn--fsqu00a.xn--0zwm56d", "http://xn--fsqu00a.xn--0zwm56d"),
    ],
)
def test_a_base_url_is_a_name_or_a_url(text, url):
    assert resolve_base_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "", "globe", "example.com", "ftp://example.com", "http://", "https:///path", "file:///etc/passwd",
        "http://example.com:port", "http://example.com:99999", "http://example.com:0", "http://[::1",
        "http://user:secret@example.com", "http://user@example.com", "https://example.com?token=x",
        "https://example.com#part", "http://a..b", "http://.", "http://..", "http://.a", "http://a b",
        "http://a%20b", "http://a\\b", "http://a\u00a0b", "http://*", "http://a,b", "http://a'b", "http://[zz]",
        "http://" + "a" * 64, "http://" + "ü" * 60, "http://" + "a." * 127 + "b", "http://\u200b", "http://\ud800",
        "http://127.1", "http://1.2.3.4.5", "http://256.0.0.1", "http://999", "http://١٢٧.0.0.1", "http://2130706433",
    ],
)  # fmt: skip
def test_what_is_no_base_url_is_refused(text):
    with pytest.raises(InputError, match="an address is"):
        resolve_base_url(text)


@pytest.mark.parametrize(
    ("base_url", "service"),
    [
        ("https://api.justoneapi.com", "justoneapi"),
        ("https://API.JustOneAPI.com:443/x", "justoneapi"),
        ("http://47.117.133.51:30015", "justoneapi"),
        ("http://127.0.0.1:1", "a simulator on this machine"),
        ("http://127.8.8.8:2", "a simulator on this machine"),
        ("http://localhost:3", "a simulator on this machine"),
        ("http://[::1]:4", "a simulator on this machine"),
        ("https://Proxy.Example.com:8443", "proxy.example.com"),
    ],
)
def test_addresses_of_one_service_are_one_service(base_url, service):
    assert service_of(base_url) == service


@pytest.mark.parametrize(
    ("base_url", "in_clear"),
    [
        ("http://47.117.133.51:30015", True),
        ("http://example.com", True),
        ("http://localhost.example.com", True),
        ("https://api.justoneapi.com", False),
        ("http://127.0.0.1:8080", False),
        ("http://localhost", False),
    ],
)
def test_a_token_crosses_a_network_in_clear_only_over_http_and_beyond_this_machine(base_url, in_clear):
    assert sends_token_in_clear(base_url) is in_clear


def test_a_url_without_a_host_is_not_this_machine():
    assert not is_loopback("http://")


@pytest.mark.parametrize("value", [RunSettings(TOKEN), ApiSettings("http://localhost", TOKEN)])
def test_a_token_is_in_no_text_of_settings(value):
    for text in (repr(value), str(value), f"{value}", repr([value])):
        assert TOKEN not in text
        assert type(value).__name__ in text


def test_a_token_is_trimmed():
    assert check_token(f" {TOKEN}\r\n") == TOKEN


@pytest.mark.parametrize("token", ["", "   ", "\n"])
def test_a_missing_token_is_told_with_the_ways_to_give_one(token):
    with pytest.raises(TokenError, match=r"JUSTONEAPI_TOKEN.*\.env.*--token-file.*crawler demo") as refused:
        check_token(token)
    assert refused.value.exit_code == 77


@pytest.mark.parametrize("token", ["my secret", "令牌secret", "sec\nret", "sec\x1bret"])
def test_what_cannot_be_a_token_is_refused_without_being_shown(token):
    with pytest.raises(TokenError, match="characters that no token can have") as refused:
        check_token(token)
    assert "sec" not in str(refused.value)


@pytest.mark.parametrize("content", [TOKEN, f"{TOKEN}\n", f"\ufeff {TOKEN} \r\nsecond line\n"])
def test_a_token_file_holds_the_token_in_its_first_line(tmp_path, content):
    path = tmp_path / "token"
    path.write_bytes(content.encode())
    assert read_token_file(path) == TOKEN


@pytest.mark.parametrize("content", [b"", b"\n" + TOKEN.encode(), TOKEN.encode("utf-16"), b"\xff\xff"])
def test_a_token_file_without_a_token_is_refused(tmp_path, content):
    path = tmp_path / "token"
    path.write_bytes(content)
    with pytest.raises(TokenError):
        read_token_file(path)


def test_a_missing_token_file_is_named(tmp_path):
    with pytest.raises(TokenError, match=r"nowhere: No such file"):
        read_token_file(tmp_path / "nowhere")
