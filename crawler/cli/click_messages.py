"""What click itself says to people, listed so that the catalogues hold it; click looks it up by itself."""

from __future__ import annotations

import io
import re

import click

from crawler.i18n import N_, NN_, language

CLICK_WORDS = (
    N_("Usage:"),
    N_("Options"),
    N_("Commands"),
    N_("Show this message and exit."),
    N_("env var: {var}"),
    N_("default: {default}"),
    N_("required"),
    N_("Error: {message}"),
    N_("Try '{command} {option}' for help."),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("Missing command."),
    N_("Missing argument"),
    N_("Missing option"),
    N_("No such option {name!r}."),
    N_("No such command {name!r}."),
    N_("Option {name!r} does not take a value."),
    N_("{value!r} is not a valid {number_type}."),
    N_("{value} is not in the range {range}."),
    N_("{name} {filename!r} does not exist."),
    N_("{name} {filename!r} is a file."),
    N_("{name} {filename!r} is a directory."),
    N_("{name} {filename!r} is not readable."),
    N_("Aborted!"),
    NN_("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    NN_("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    NN_("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    NN_("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
)

_UNTRANSLATED = (
    (re.compile(r" \(env var: (.+?)\)"), r"（环境变量：\1）"),
    (re.compile(r"（(?:integer|float)(?: range)?）"), ""),
    (re.compile(r"(?<=[。）]) "), ""),
    (re.compile(r"(?<=')\.$", re.MULTILINE), "。"),
)
"""What click puts around its messages without looking it up, and what a Chinese sentence has there."""


def usage_error_text(error: click.ClickException) -> str:
    """What click says of a command line that it does not understand, in the reader's language."""
    said = io.StringIO()
    error.show(said)
    text = said.getvalue().rstrip("\n")
    if language() == "zh":
        for pattern, chinese in _UNTRANSLATED:
            text = pattern.sub(chinese, text)
    return text
