import click


@click.command(help="x")
def backup() -> None:
    """x"""
