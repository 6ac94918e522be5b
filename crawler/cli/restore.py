import click


@click.command(help="x")
def restore() -> None:
    """x"""
