"""From the address of a cluster to its workers: a scheduler that runs somewhere, or workers started here."""

from __future__ import annotations

import logging
import warnings
from collections.abc import AsyncIterator, Callable, Set
from contextlib import asynccontextmanager
from typing import Any

import dask
from distributed import Client, LocalCluster, Security
from distributed.versions import VersionMismatchWarning

from crawler.cluster.connection import WORKER_SECONDS, Cluster, watched
from crawler.cluster.local_worker import signals_held_back
from crawler.engine.events import Event
from crawler.engine.shutdown import Shutdown
from crawler.errors import ClusterError, InputError, MissingExtra
from crawler.i18n import _
from crawler.settings.cluster_address import local_workers

CONNECT_SECONDS = 10.0

CONNECTIONS_MAX = 4096
"""Each call in flight has one; none may wait for another that is in the ledger already."""

_OPTIONS: dict[str, Any] = {
    "asynchronous": True,
    "set_as_default": False,
    "timeout": CONNECT_SECONDS,
    "connection_limit": CONNECTIONS_MAX,
}
_LOCAL_SETTINGS: dict[str, Any] = {
    "distributed.scheduler.http.routes": [],  # nobody looks at it, and no token protects what it shows
    "distributed.worker.http.routes": [],
    "distributed.scheduler.worker-ttl": None,  # a machine that slept has lost nobody
}


@asynccontextmanager
async def open_cluster(
    address: str,
    shutdown: Shutdown,
    emit: Callable[[Event], None],
    patience_seconds: float = WORKER_SECONDS,
    wanted: Set[str] = frozenset(),
) -> AsyncIterator[Cluster]:
    """The cluster at an address as `check_cluster` gives it, for the time of the block.

    Raises ClusterError where no scheduler answers, no worker comes or one of the names `wanted` does not,
    InputError where certificates are missing or versions do not go together.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what is lost is told by events
    workers = local_workers(address)
    async with (
        _elsewhere(address) if workers is None else _here(workers) as client,
        watched(client, shutdown, emit, patience_seconds, wanted) as cluster,
    ):
        yield cluster


@asynccontextmanager
async def _here(workers: int) -> AsyncIterator[Client]:
    """Workers in processes of their own, which end with this one. They listen on loopback alone, and nobody
    else on this machine can use them: that takes a certificate which is kept in memory."""
    try:
        security = Security.temporary()
    except ImportError as exc:
        raise MissingExtra(f"--cluster local:{workers}", "cluster") from exc
    with dask.config.set(_LOCAL_SETTINGS):  # for workers that are started in place of others too
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            security=security,
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            asynchronous=True,
            silence_logs=logging.CRITICAL,
            memory_limit=0,
            preload="crawler.cluster.local_worker",
        )
        try:
            with signals_held_back():
                await cluster
        except (OSError, RuntimeError) as exc:
            await cluster.close()
            raise ClusterError(_("the cluster workers could not be started: %s") % exc) from exc
        async with cluster, Client(cluster, **_OPTIONS) as client:
            yield client


@asynccontextmanager
async def _elsewhere(address: str) -> AsyncIterator[Client]:
    """A connection to a scheduler; the certificates for it are those of Dask's own settings."""
    encrypted = address.startswith("tls:")
    security = Security(require_encryption=encrypted or None)  # else as Dask's own settings say
    if encrypted and not (security.tls_ca_file and security.tls_client_cert):
        raise InputError(
            _(
                "%s needs certificates: name them in DASK_DISTRIBUTED__COMM__TLS__CA_FILE, "
                "…__CLIENT__CERT and …__CLIENT__KEY, or in Dask's own settings (docs/scale.md)"
            )
            % address
        )
    client = Client(address, security=security, **_OPTIONS)
    try:
        with warnings.catch_warnings():  # versions are compared afterwards
            warnings.simplefilter("ignore", VersionMismatchWarning)
            await client
    except (OSError, RuntimeError, ValueError, TypeError) as exc:
        await client.close()
        raise ClusterError(_("no scheduler answers at %s: %s") % (address, exc)) from exc
    async with client:
        yield client
