"""Looks at everything, one thing after the other."""

from collections.abc import Iterator

from sdrrl_data.doctor import comet, devices, hub, machine, packages
from sdrrl_data.doctor.check import Check


def examine() -> Iterator[Check]:
    """Each check as soon as it is made; the slow ones last."""
    yield from machine.checks()
    yield from packages.checks()
    yield from comet.checks()
    yield from hub.checks()
    yield from devices.checks()
