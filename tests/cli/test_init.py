"""`crawler init`: a project that works as it stands, and nothing that was there is touched."""

from __future__ import annotations

import asyncio
import resource
import sys
import tomllib

import pytest

from crawler.cli.init_template import WRITTEN, settings_template
from crawler.keywords.samples import is_sample
from crawler.settings.run import SHARED_SETTINGS
from tests.cli.conftest import ended

FILES = {
    "crawler.toml", ".env", ".gitignore", "keywords/beauty-and-outfits.txt",
    "keywords/home-pets-and-hobbies.jsonl", "keywords/lifestyle.csv",
}  # fmt: skip


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


async def test_a_project_is_made_that_commands_understand(crawler):
    made = await crawler("init", "shop")
    folder = crawler.folder / "shop"
    assert made.exit_code == 0
    assert files(folder) == FILES
    assert (folder / ".env").stat().st_mode & 0o777 == 0o600
    assert all(is_sample(path) for path in (folder / "keywords").iterdir())
    assert ".env" in (folder / ".gitignore").read_text().splitlines()
    config = await crawler("config", "--config", "shop/crawler.toml")
    assert (config.exit_code, config.stderr) == (0, "")


async def test_the_plan_of_a_new_project_shows_its_samples_and_says_that_a_run_leaves_them_out(crawler):
    await crawler("init", "shop")
    plan = ("plan", "--config", "shop/crawler.toml")
    samples = await crawler(*plan)
    assert (samples.exit_code, "charged calls" in samples.stdout) == (0, True)
    (told,) = samples.stderr.splitlines()
    assert told.startswith("shop/keywords holds only the sample keywords, which are not crawled for money")
    (crawler.folder / "shop" / "keywords" / "mine.txt").write_text("穿搭\n", encoding="utf-8")
    assert (await crawler(*plan)).stdout.startswith("keywords due: 1 of 1 ")


async def test_the_token_is_private_whatever_the_mask(crawler):
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", f"umask 0; exec {sys.executable} -m crawler init", cwd=crawler.folder,
        env=crawler.environment, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert (await ended(process)).exit_code == 0
    assert (crawler.folder / ".env").stat().st_mode & 0o777 == 0o600


async def test_nothing_that_is_there_is_overwritten(crawler):
    await crawler("init")
    for name in FILES:
        (crawler.folder / name).write_text("# mine\n")
    (crawler.folder / ".env").unlink()
    (crawler.folder / ".env").symlink_to("nowhere")
    again = await crawler("init")
    assert again.exit_code == 0
    assert "written" not in again.stdout
    assert all((crawler.folder / name).read_text() == "# mine\n" for name in FILES - {".env"})
    assert not (crawler.folder / "nowhere").exists()


@pytest.mark.parametrize("place", ["file", "file/shop", "loop", "x" * 300])
async def test_a_place_that_can_be_no_folder_is_told_in_words(crawler, place):
    (crawler.folder / "file").touch()
    (crawler.folder / "loop").symlink_to("loop")
    refused = await crawler("init", place)
    assert (refused.exit_code, "Traceback" in refused.stderr) == (2, False)


async def test_a_full_disk_leaves_no_half_file(crawler):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "crawler", "init", cwd=crawler.folder, env=crawler.environment,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
    )  # fmt: skip
    refused = await ended(process)
    assert refused.exit_code == 75
    assert "cannot write crawler.toml" in refused.stderr
    assert files(crawler.folder) == set()
    assert (await crawler("init")).exit_code == 0


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_setting_stands_in_the_file_and_holds_once_its_mark_is_taken_away(
    crawler, language, monkeypatch
):
    monkeypatch.setenv("CRAWLER_LANG", language)
    text = settings_template()
    assert tomllib.loads(text).keys() == set(WRITTEN)
    lines = [line for line in text.splitlines() if " = " in line or line.startswith("# [")]
    whole = "\n".join(line.removeprefix("# ") for line in lines if not line.endswith(("。", ".")))
    assert tomllib.loads(whole).keys() - {"export", "backup", "accounts", "profiles"} == {
        setting.key for setting in SHARED_SETTINGS
    }
    (crawler.folder / "crawler.toml").write_text(whole, encoding="utf-8")
    checked = await crawler("config", "--profile", "beauty")
    assert (checked.exit_code, checked.stderr) == (0, "")
