"""Every other channel, by apprise: mail, Feishu, Slack, webhooks and whatever else it knows."""

from __future__ import annotations

import logging
import threading
import warnings
from typing import TYPE_CHECKING

from crawler.errors import MissingExtra
from crawler.i18n import _
from crawler.notices import group_chat_bots
from crawler.notices.message import Notice
from crawler.settings.notices import NoticeKind
from crawler.untrusted_text import sanitize, truncate

if TYPE_CHECKING:
    from apprise import NotifyBase

_KINDS = {
    NoticeKind.DONE: "success",
    NoticeKind.STOPPED: "info",
    NoticeKind.FAILED: "failure",
    NoticeKind.SILENT: "failure",
}
_loading = threading.Lock()


class _LastWords(logging.Handler):
    """What apprise last complained of, by the thread that sends."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: dict[int, str] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps the complaint."""
        self.said[threading.get_ident()] = record.getMessage()


_last_words = _LastWords()


def takes_files(channel: str) -> bool:
    """Whether a file may go with a notice; apprise has the last word."""
    return group_chat_bots.robot_of(channel) is None and not group_chat_bots.as_apprise_knows_it(
        channel
    ).startswith("feishu:")


def send(channel: str, notice: Notice) -> str | None:
    """Why the channel did not take the notice, None where it did."""
    robot = group_chat_bots.robot_of(channel)
    if robot is not None:
        return group_chat_bots.send(robot, notice)
    plugin = plugin_of(channel)
    if plugin is None:
        return _("apprise knows no channel of that form")
    attached = notice.report if plugin.attachment_support else None
    sent = plugin.notify(
        body=notice.body, title=notice.title, notify_type=_KINDS[notice.kind], attach=attached
    )
    if sent:
        return None
    said = _last_words.said.get(threading.get_ident(), "")
    return truncate(sanitize(said), group_chat_bots.SAID_CELLS_MAX) or _("not taken")


def understood(channel: str) -> bool:
    """Whether a notice could be sent there; raises MissingExtra where apprise is not installed."""
    return group_chat_bots.robot_of(channel) is not None or plugin_of(channel) is not None


def plugin_of(channel: str) -> NotifyBase | None:
    """What sends to the channel, None where apprise knows none of that form; raises MissingExtra."""
    with _loading, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what others think of their own code is no news here
        try:
            from apprise import Apprise
        except ModuleNotFoundError as exc:
            raise MissingExtra("--notify", "notify") from exc
        logger = logging.getLogger("apprise")
        logger.propagate = False
        logger.handlers = [_last_words]
        return Apprise.instantiate(group_chat_bots.as_apprise_knows_it(channel), suppress_exceptions=True)
