"""The command line: one module per command, loaded when it is asked for, so that `run` starts at once."""

from __future__ import annotations

import importlib

import click

COMMANDS = {
    "run": "crawler.cli.run:run",
    "status": "crawler.cli.status:status",
    "verify": "crawler.cli.verify:verify",
    "query": "crawler.cli.query:query",
    "search": "crawler.cli.search:search",
    "export": "crawler.cli.export:export",
    "report": "crawler.cli.report:report",
    "browse": "crawler.cli.browse:browse",
    "forget": "crawler.cli.forget:forget",
    "prune": "crawler.cli.prune:prune",
    "demo": "crawler.cli.demo:demo",
    "simulate": "crawler.simulator.command:simulate",
}
"""Every command in the order `--help` shows them, with the place of its function."""


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, None where there is none."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, function = place.split(":")
        command: click.Command = getattr(importlib.import_module(module), function)
        return command
