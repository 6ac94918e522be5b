"""The report as Chromium shows it."""

from __future__ import annotations

import re
import shutil
import socketserver
import subprocess
import threading
from html import unescape

import pytest

from tests.filled import creator
from tests.filled import page as result_page

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-default-apps",
    "--disable-extensions", "--virtual-time-budget=3000", "--allow-file-access-from-files",
]  # fmt: skip

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian package `chromium`)")


@pytest.fixture
def dom(tmp_path):
    """What Chromium makes of an HTML text, as HTML again."""

    def call(text):
        file = tmp_path / "shown.html"
        file.write_text(text, encoding="utf-8")
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", file.as_uri()]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    return call


class Listener(socketserver.ThreadingTCPServer):
    """A port of this machine that counts who connects to it and hangs up."""

    visits = 0

    def __init__(self):
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)

    def verify_request(self, request, client_address):
        self.visits += 1
        return False


@pytest.fixture
def listener():
    with Listener() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def attacked(read, play_night, listener):
    """A report whose creators try to run scripts and to call home."""
    port = listener.server_address[1]
    home = f"http://127.0.0.1:{port}/x.png"
    names = (
        "<script>document.title='ran'</script>",
        f'"><img src={home} onerror="document.title=\'ran\'">',
        f"<style>@import '{home}';</style><iframe src='{home}'></iframe>",
        "</title></style><svg onload=\"document.title='ran'\">",
    )
    play_night(
        result_page(*(creator(300 + n, name, 10, image=home) for n, name in enumerate(names))), result_page()
    )
    return read()


def test_a_creator_called_script_is_only_a_name(page, dom, attacked, listener):
    shown = dom(page(attacked))
    assert "<title>Creators: the morning report</title>" in shown
    assert "<script>document.title='ran'</script>" in unescape(re.sub(r"<[^>]*>", "", shown))
    assert listener.visits == 0


def test_pictures_that_were_asked_for_are_the_only_thing_that_is_loaded(page, dom, attacked, listener):
    dom(page(attacked, pictures=True))
    assert listener.visits > 0


def test_a_click_on_a_heading_sorts_the_table_by_it(page, dom, read):
    text = page(read("2026-11-01T00:00:00.000Z"))
    click = """<script>
      const table = document.querySelector("details table"), order = [];
      const names = () => [...table.tBodies[0].rows].map(row => row.cells[1].dataset.value);
      for (const times of [1, 2]) {
        table.tHead.querySelectorAll("button")[1].click();
        order.push(names().join(" "));
      }
      document.title = order.join("|");
    </script></body>"""
    open_to_scripts = re.sub("(?<=script-src &#39;)sha256-[^&]*", "unsafe-inline", text)
    shown = dom(open_to_scripts.replace("</body>", click))
    down, up = re.search(r"<title>(.*?)</title>", shown)[1].split("|")
    fans = [int(number) for number in down.split()]
    assert len(fans) == 40
    assert fans == sorted(fans, reverse=True)
    assert [int(number) for number in up.split()] == sorted(fans)


def test_the_pages_own_policy_lets_its_own_script_run(page, dom, read):
    assert dom(page(read())).count("<button type=") == 4


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_nothing_is_wider_than_a_phone(page, dom, read, play_night, lang, tmp_path):
    long = creator(300, "W" * 60, 3_812_000, red_id="W" * 30, verify_label="认证" * 20)
    play_night(result_page(long), result_page())
    (tmp_path / "report.html").write_text(
        page(read("2026-11-01T00:00:00.000Z"), lang, price="9999"), encoding="utf-8"
    )
    shown = dom(
        """<iframe id="phone" src="report.html" width="390" height="800" style="border: 0"></iframe><script>
        phone.onload = () => {
          const page = phone.contentDocument.documentElement;
          document.title = page.clientWidth + " shows " + page.scrollWidth;
        }</script>"""
    )
    visible, needed = re.search(r"<title>(\d+) shows (\d+)</title>", shown).groups()
    assert int(needed) <= int(visible) <= 390
