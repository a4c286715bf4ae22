"""The versions behind a run: of the schema of its files, and of the packages."""

from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version

SCHEMA_VERSION = 5  # of the files that are written
READABLE = (4, 5)  # 4: sdrrl-data 0.1.0


def installed(packages: Iterable[str]) -> dict[str, str]:
    """The version of each of these packages that is installed."""
    versions = {package: _installed(package) for package in packages}
    return {package: number for package, number in versions.items() if number is not None}


@cache  # reading one takes 2 ms
def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
