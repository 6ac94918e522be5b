"""What the pages hold: fetched one after the other, and read with the crawler's own eyes for numbers.

Its database is what every other one is compared with; on the way the server makes every answer once.
"""

from itertools import count
from urllib.request import urlopen

import orjson

from crawler.vendor.followers import read_labelled
from tests.bench.peers.task import Row, Table, Task, measure


def fetch(task: Task) -> int:
    """The number of pages fetched."""
    table = Table(task.db, fast=True)
    pages = 0
    for keyword in task.keywords():
        for page in count(1):
            with urlopen(task.url(keyword, page), timeout=60) as answer:
                users = orjson.loads(answer.read())["data"]["users"]
            pages += 1
            if not users:
                break
            table.save(map(_row, users))
    table.close()
    return pages


def _row(user: dict[str, str]) -> Row:
    return user["id"], user["red_id"], user["name"], read_labelled(user["sub_title"]).fans, None, None, None


if __name__ == "__main__":
    measure(fetch)
