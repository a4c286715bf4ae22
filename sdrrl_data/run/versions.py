"""The versions behind a run: of the schema of its files, and of the packages."""

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

SCHEMA_VERSION = 5  # of the files that are written
READABLE = (4, 5)  # 4: sdrrl-data 0.1.0


def installed(packages: Iterable[str]) -> dict[str, str]:
    """The version of each of these packages that is installed."""
    versions = {}
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions
