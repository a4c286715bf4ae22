"""Where seeds and sentence pairs come from: a file or a dataset of the Hub, as rows that are not understood yet."""

from functools import cache
from pathlib import Path

from sdrrl_data.errors import DatasetNotFound
from sdrrl_data.models import hub
from sdrrl_data.models.hub import Wanted
from sdrrl_data.models.places import HubName, place_of
from sdrrl_data.recipe import ParallelConfig, SeedsConfig
from sdrrl_data.sources import hub_rows
from sdrrl_data.sources.row_files import ENDINGS, RowSource, open_file


def name_of(source: str) -> str:
    """What rows from a source call it: the name of a file, or of a dataset on the Hub."""
    place = place_of(source, ENDINGS)
    return place.name if isinstance(place, Path) else source


def on_hub(source: str) -> bool:
    """Whether a source has the form of a name on the Hub, and is not a file."""
    return place_of(source, ENDINGS) == HubName(source)


def open_source(settings: SeedsConfig | ParallelConfig, role: str, instead: str) -> RowSource:
    """Open a file or a dataset of the Hub. Of a dataset, no more is fetched than the rows that are asked for.

    Args:
        settings: what to read.
        role: what it is for, for the errors' sentences ("seeds").
        instead: what the user can do where a dataset cannot be read ("give a local file with --seeds").

    Raises:
        DatasetNotFound: it is not there, or not for this user.
        HubUnavailable: the Hub cannot be reached, and what is wanted was not fetched before.
        UserError: it is not what it says it is. Iterating over the rows raises all of these too.
    """
    place = place_of(settings.source, ENDINGS)
    if isinstance(place, Path):
        return open_file(place, role)
    if place != HubName(settings.source):
        raise DatasetNotFound(
            f"{role} {settings.source}: there is no such file, and it is not a name of a dataset on the Hub (org/name)"
        )
    wanted = Wanted("dataset", settings.source, settings.revision, role, "its name", instead)
    dataset = hub_rows.find(wanted, settings.config, settings.split)
    return hub_rows.stream(dataset, settings.config, settings.split)


@cache
def licence_on_hub(name: str, commit: str) -> str | None:
    """The licence in the head of a dataset's card; of several, all; None where it names none.

    Raises:
        HubUnavailable: the Hub cannot be reached, and the card was not fetched before.
        UserError: the Hub does not give it.
    """
    wanted = Wanted("dataset", name, commit, "the licence of", "its name", "name its licence in the recipe")
    return hub.find(wanted, usable=lambda fetched: True).licence
