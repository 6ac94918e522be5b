"""What the help of the commands that look after a database shows can be typed."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from crawler.cli.forget import forget
from crawler.cli.prune import prune
from crawler.cli.verify import verify


def examples(command: click.Command) -> list[str]:
    """Every command line of its Examples, one command each."""
    lines = re.findall(r"^ +(crawler .*)$", command.help or "", re.MULTILINE)
    return [part.strip() for line in lines for part in line.split("&&")]


@pytest.mark.parametrize("command", [verify, forget, prune], ids=lambda command: command.name)
def test_the_examples_of_the_help_are_understood(command):
    typed = [shlex.split(example)[1:] for example in examples(command)]
    mine = [arguments[1:] for arguments in typed if arguments[0] == command.name]
    assert len(mine) >= 3
    for arguments in mine:
        assert command.make_context(command.name, arguments).command is command
