"""Whether a worker can be given calls: the same versions as here, and no token in the clear on the way."""

from __future__ import annotations

from collections.abc import Mapping

from crawler.i18n import _
from crawler.settings.cluster_address import is_private

Versions = Mapping[str, str | None]
"""By name of package; None where it is not there."""

PACKAGES = ("creator-crawler", "aiohttp")
"""What is asked for beside Python and what Dask itself needs."""

OF_A_WORKER = ("creator-crawler", "distributed", "python", "aiohttp")
OF_A_SCHEDULER = ("distributed", "python")

_EXACT = ("creator-crawler", "distributed")
"""Both sides must have the same version of these; of others the first two numbers count."""


def incompatibility(name: str, address: str, there: Versions, here: Versions) -> str:
    """Why a worker cannot be given calls, in words; empty where it can."""
    if not is_private(address):
        message = _(
            "cluster worker %(name)s listens at %(address)s, and the token would get there unencrypted"
        )
        return message % {"name": name, "address": address}
    differing = differences(there, here, OF_A_WORKER)
    return differing and _("cluster worker %(name)s: %(problem)s") % {"name": name, "problem": differing}


def differences(there: Versions, here: Versions, packages: tuple[str, ...]) -> str:
    """Which versions do not go together, in words; empty where all do."""
    return "; ".join(
        _("%(package)s is %(there)s there and %(here)s here")
        % {"package": package, "there": _told(there.get(package)), "here": _told(here.get(package))}
        for package in packages
        if _compared(package, there.get(package)) != _compared(package, here.get(package))
    )


def _compared(package: str, version: str | None) -> object:
    return version if package in _EXACT or version is None else version.split(".")[:2]


def _told(version: str | None) -> str:
    """`3.11.7` of Python's `3.11.7.final.0`."""
    return _("missing") if version is None else ".".join(version.split(".")[:3])
