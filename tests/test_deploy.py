"""What is in deploy/, read without Docker: what it says, and what linters say of it where there are some."""

from __future__ import annotations

import re
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"


@pytest.fixture(scope="module")
def stages():
    """The instructions of each stage of the Dockerfile, in order: (name, rest)."""
    lines = [line for line in (DEPLOY / "Dockerfile").read_text().splitlines() if line[:1] != "#"]
    found: list[list[tuple[str, str]]] = [[]]
    for line in re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines():
        if line.strip():
            name, _space, rest = line.partition(" ")
            if name == "FROM":
                found.append([])
            found[-1].append((name, rest))
    return found


@pytest.fixture(scope="module")
def service():
    """The crawler as the compose file has it."""
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["crawler"]


def named(stage, name):
    return [rest for found, rest in stage if found == name]


def test_what_is_built_is_left_behind(stages):
    _arguments, build, image = stages
    assert named(build, "FROM")[0].endswith("AS build")
    assert named(image, "COPY") == ["--from=build /opt/crawler /opt/crawler"]


def test_it_runs_as_nobody_in_particular_and_is_stopped_gently(stages):
    image = stages[-1]
    assert named(image, "USER") == ["1000:1000"]
    assert named(image, "STOPSIGNAL") == ["SIGTERM"]
    assert named(image, "VOLUME") == named(image, "WORKDIR") == ["/project"]
    assert (named(image, "ENTRYPOINT"), named(image, "CMD")) == (['["crawler"]'], ['["run"]'])
    order = [name for name, _rest in image]
    assert order.index("RUN") < order.index("USER"), "nothing is installed as the user"


def test_versions_are_those_that_were_tested(stages):
    assert "PIP_CONSTRAINT=/source/constraints.txt" in named(stages[1], "ENV")[0]
    version = re.fullmatch(r"PYTHON=(3\.\d+)", named(stages[0], "ARG")[0])[1]
    assert f"Python :: {version}" in (ROOT / "pyproject.toml").read_text()


def sent(name):
    """Whether a file of the checkout goes to the builder, by .dockerignore: its last rule wins."""
    goes = True
    for rule in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines():
        if rule and rule[0] != "#":
            keeps = rule[0] == "!"
            pattern = rule.removeprefix("!").replace("**/", "*")
            parts = [name, *map(str, Path(name).parents)]
            if any(fnmatch(part, pattern) for part in parts):
                goes = keeps
    return goes


def test_no_secret_and_no_database_reaches_the_builder(stages):
    assert not any(map(sent, (".env", "data/creators.db", ".git/config", "keywords/a.txt", "tests/x.py")))
    assert not sent("crawler/__pycache__/a.pyc")
    for copied in named(stages[1], "COPY"):
        *sources, _target = copied.split()
        assert all(sent(source) and (ROOT / source).exists() for source in sources)
    assert not any("TOKEN" in rest.upper() for stage in stages for _name, rest in stage)


def test_the_compose_file_fits_the_image(stages, service):
    assert (DEPLOY / service["build"]["context"]).resolve() == ROOT
    assert (ROOT / service["build"]["dockerfile"]).is_file()
    assert service["volumes"] == ["project:" + named(stages[-1], "VOLUME")[0]]
    assert not {"environment", "env_file", "privileged", "hostname"} & set(service)
    assert service["stop_grace_period"] == "90s", "longer than --drain, 60 s"


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="needs hadolint")
def test_hadolint_has_nothing_to_say_against_it():
    found = subprocess.run(["hadolint", DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (found.stdout, found.returncode) == ("", 0)


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="needs hadolint")
def test_hadolint_would_say_what_is_wrong(tmp_path):
    spoilt = (DEPLOY / "Dockerfile").read_text().replace("USER 1000:1000", "USER root")
    (tmp_path / "Dockerfile").write_text(spoilt)
    found = subprocess.run(["hadolint", tmp_path / "Dockerfile"], capture_output=True, text=True, check=False)
    assert "DL3002" in found.stdout


@pytest.mark.skipif(shutil.which("yamllint") is None, reason="needs yamllint")
def test_yamllint_has_nothing_to_say_against_it():
    rules = "{extends: default, rules: {document-start: disable, line-length: {max: 110}}}"
    command = ["yamllint", "--strict", "-d", rules, DEPLOY / "compose.yaml"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (found.stdout, found.returncode) == ("", 0)
