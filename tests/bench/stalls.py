"""How long the event loop stands still at most while a run looks through its work list for the forecast.

python -m tests.bench.stalls [--keywords 1000000]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from sqlite_utils import Database

from crawler.clock import utc_now
from crawler.library import keyword
from crawler.planning.forecast_inputs import work_ahead_in_steps
from crawler.settings.run import RunSettings
from crawler.store.migrations import migrations
from crawler.store.worklist import make_worklist


async def longest_stall(db: Database, listed: int) -> tuple[float, float, int]:
    """The longest time between two turns of the loop, all of it, in seconds; how many steps there were."""
    longest, steps, done = 0.0, 0, False

    async def watch() -> None:
        nonlocal longest
        before = time.perf_counter()
        while not done:
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest, before = max(longest, now - before), now

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    begun = time.perf_counter()
    for _ahead in work_ahead_in_steps(db.conn, listed):
        steps += 1
        await asyncio.sleep(0)
    done = True
    await watching
    return longest, time.perf_counter() - begun, steps


def main() -> None:
    """Prints one line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--keywords", type=int, default=1_000_000)
    count = options.parse_args().keywords
    with tempfile.TemporaryDirectory() as folder:
        db = Database(Path(folder) / "stalls.db")
        migrations.apply(db)
        settings = RunSettings("bench", db=Path(folder) / "stalls.db", base_url="http://127.0.0.1:1")
        keywords = (keyword(f"词{number}") for number in range(count))
        with db.atomic():
            worklist = make_worklist(
                db.conn, keywords, endpoint_id=1, pages_max=settings.pages_max,
                refresh_after=settings.refresh_after, now=utc_now, worthwhile=True,
            )  # fmt: skip
        longest, seconds, steps = asyncio.run(longest_stall(db, worklist.listed))
        told = f"{1000 * longest:.0f} ms at most, {seconds:.2f} s in {steps} steps"
        sys.stdout.write(f"{worklist.due} keywords due: {told}\n")
        db.close()


if __name__ == "__main__":
    main()
