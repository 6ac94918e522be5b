"""`make million`: a database of a million creators, filled by really crawling the simulator.

    python -m tests.bench.million PATH [--share 0.01]

Three nights some days apart, from a fixed seed, with tags on the keywords: a long first one; a second that
brings new keywords and goes over a part of the old ones, whose creators have changed meanwhile; and a third
that stops at a cap on calls. `--share` makes a smaller one.
"""

import argparse
import asyncio
import csv
import random
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from crawler.engine.events import Event, PageStored
from crawler.keywords import read_keywords
from crawler.run.crawl import run_crawl
from crawler.run.dependencies import Dependencies
from crawler.settings.run import RunSettings
from crawler.summary import RunSummary
from tests.bench.serving import change, serving
from tests.bench.words import NICHE, WHERE, keyword_texts

KEYWORDS = 18_500
CREATORS = 8_000_000
WORLD = {
    "seed": 7,
    "pages_per_keyword": [2, 10],
    "has_more_share": 0.5,
    "layouts": {"A": 0.7, "B": 0.1, "C": 0.2},
    "odd_share": 0.0005,
    "hostile_share": 0.0005,
    "repeat_share": 0.05,
    "short_page_share": 0.03,
    "no_content_share": 0.2,
    "faults": {"301": 0.003, "503": 0.001},
    "lines_max": 10,
}
TOPICS = dict(
    zip(NICHE, ("时尚", "生活", "户外", "亲子", "兴趣", "美食") * len(NICHE), strict=False)
)  # any topic will do: what matters is that tags group keywords
PROGRESS_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Night:
    """When a night begins, on which night of the world, and which part of all keywords it is given."""

    begins: datetime
    number: int
    first: float
    last: float
    calls_share: float | None = None


NIGHTS = (
    Night(datetime(2026, 11, 2, 14, 0, tzinfo=UTC), 0, 0.0, 0.9),
    Night(datetime(2026, 11, 9, 14, 0, tzinfo=UTC), 7, 0.82, 1.0),
    Night(datetime(2026, 11, 16, 14, 0, tzinfo=UTC), 14, 0.0, 1.0, calls_share=0.05),
)


def write_keywords(path: Path, texts: Iterable[str]) -> None:
    """A keyword file with priorities and tags."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("keyword", "priority", "tags"))
        for at, text in enumerate(texts):
            niche = next(each for each in NICHE if each in text)
            tags = [TOPICS[niche], niche, *(city for city in WHERE[1:] if text.startswith(city))]
            rows.writerow((text, at % 3, ",".join(tags)))


def clock_from(begins: datetime) -> Callable[[], datetime]:
    """A clock that goes on from `begins`."""
    begun = time.monotonic()
    return lambda: begins + timedelta(seconds=time.monotonic() - begun)


class Progress:
    """Says on stderr, now and then, how far a night is."""

    def __init__(self) -> None:
        self._pages = self._creators = 0
        self._begun = self._told = time.monotonic()

    def __call__(self, event: Event) -> None:
        if not isinstance(event, PageStored):
            return
        self._pages += 1
        self._creators += event.saved.creators_new
        now = time.monotonic()
        if now - self._told >= PROGRESS_SECONDS:
            self._told = now
            seconds = now - self._begun
            sys.stderr.write(f"  {seconds:4.0f} s  {self._pages:,} pages  {self._creators:,} new creators\n")


async def crawl(night: Night, base_url: str, db: Path, texts: list[str], share: float) -> RunSummary:
    """One night over its part of the keywords."""
    part = texts[int(night.first * len(texts)) : int(night.last * len(texts))]
    calls_max = None if night.calls_share is None else int(night.calls_share * 100_000 * share)
    settings = RunSettings(
        token="million", db=db, base_url=base_url, workers=64, rate="unlimited", calls_max=calls_max
    )
    dependencies = Dependencies(random.Random(night.number), clock_from(night.begins))
    with TemporaryDirectory() as folder:
        write_keywords(Path(folder) / "keywords.csv", part)
        keywords = read_keywords([Path(folder)])
        return await run_crawl(settings, keywords, emit=Progress(), dependencies=dependencies)


def build(db: Path, share: float = 1.0) -> None:
    """Crawls the three nights into a new database at `db`, `share` of them all."""
    texts = list(keyword_texts(int(KEYWORDS * share)))
    random.Random(7).shuffle(texts)
    with serving(WORLD | {"creators": int(CREATORS * share)}) as base_url:
        for night in NIGHTS:
            change(base_url, {"night": night.number})
            sys.stderr.write(f"{night.begins:%Y-%m-%d}\n")
            summary = asyncio.run(crawl(night, base_url, db, texts, share))
            sys.stderr.write(f"  {summary.outcome}: {summary.reason}; {summary.calls}; {summary.creators}\n")


def main() -> None:
    """Builds the database named on the command line, in place of one that is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--share", type=float, default=1.0)
    options = parser.parse_args()
    for suffix in ("", "-wal", "-shm"):
        options.path.with_name(options.path.name + suffix).unlink(missing_ok=True)
    begun = time.monotonic()
    build(options.path, options.share)
    sys.stderr.write(f"{options.path}: built in {time.monotonic() - begun:.0f} s\n")


if __name__ == "__main__":
    main()
