"""A Hub that ann may write to, and her client: one of each for a file of tests."""

from collections.abc import Iterator

import pytest

from tests.publishing import client
from tests.support import hub


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[hub.Hub, client.Client]]:
    with client.serving(tmp_path_factory.mktemp("home")) as both:
        yield both


@pytest.fixture(scope="module")
def served(both: tuple[hub.Hub, client.Client]) -> hub.Hub:
    return both[0]


@pytest.fixture(scope="module")
def ann(both: tuple[hub.Hub, client.Client]) -> client.Client:
    return both[1]
