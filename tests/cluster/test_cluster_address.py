"""Which clusters may be given a token, and which workers calls."""

import pytest

from crawler.cluster.compatibility import OF_A_SCHEDULER, OF_A_WORKER, differences, incompatibility
from crawler.errors import InputError
from crawler.settings.cluster_address import check_cluster, local_workers

HERE = {
    "creator-crawler": "0.1.0",
    "distributed": "2026.8.0",
    "python": "3.11.7.final.0",
    "aiohttp": "3.14.5",
}
LOOPBACK = "tcp://127.0.0.1:4000"


@pytest.mark.parametrize(
    "address",
    [
        "local:1",
        "local:64",
        "tcp://127.0.0.1:8786",
        "tcp://localhost:8786",
        "tcp://[::1]:8786",
        "tls://scheduler:8786",
    ],
)
def test_a_cluster_here_or_behind_tls_is_taken(address):
    assert check_cluster(f" {address}/ ") == address


@pytest.mark.parametrize(
    "address", ["tcp://scheduler:8786", "tcp://10.0.0.1:8786", "tcp://127.0.0.1.example.com:8786"]
)
def test_an_address_where_the_token_would_be_sent_in_the_clear_is_refused(address):
    with pytest.raises(InputError, match="unencrypted"):
        check_cluster(address)


@pytest.mark.parametrize(
    "address",
    ["", "local", "local:", "local:0", "local:65", "local:-1", "local:²", "local:9999999999", 4, None,
     "scheduler:8786", "tcp://", "tcp://127.0.0.1", "tcp://127.0.0.1:0", "tcp://127.0.0.1:99999",
     "http://127.0.0.1:8786", "inproc://1/2/3", "tls://user@scheduler:8786", "tls://scheduler:8786/x",
     "tls://[scheduler:8786"],
)  # fmt: skip
def test_what_is_no_cluster_is_refused(address):
    with pytest.raises(InputError):
        check_cluster(address)


def test_only_local_says_how_many_workers():
    assert local_workers("local:4") == 4
    assert local_workers("tls://scheduler:8786") is None


def test_a_worker_with_the_same_versions_fits():
    assert incompatibility("w1", LOOPBACK, HERE, HERE) == ""
    assert (
        incompatibility(
            "w1", "tls://10.0.0.1:4000", HERE | {"python": "3.11.9.final.0", "aiohttp": "3.14.1"}, HERE
        )
        == ""
    )


@pytest.mark.parametrize(
    ("package", "version"),
    [("creator-crawler", "0.1.1"), ("creator-crawler", None), ("distributed", "2026.8.1"),
     ("python", "3.12.0.final.0"), ("aiohttp", "3.13.5")],
)  # fmt: skip
def test_a_worker_with_another_version_does_not_fit(package, version):
    told = incompatibility("w1", LOOPBACK, HERE | {package: version}, HERE)
    assert told.startswith("cluster worker w1: ")
    assert f"{package} is {'missing' if version is None else version.removesuffix('.final.0')} there" in told
    assert told.count(" here") == 1
    assert differences(HERE | {package: version}, HERE, OF_A_WORKER)


def test_a_scheduler_needs_no_crawler():
    assert differences({**HERE, "creator-crawler": None, "aiohttp": None}, HERE, OF_A_SCHEDULER) == ""


def test_a_worker_to_which_the_token_would_go_in_the_clear_does_not_fit():
    assert "unencrypted" in incompatibility("w1", "tcp://10.0.0.1:4000", HERE, HERE)
