"""Where seeds and sentence pairs come from: a file or a dataset on the Hub, as raw rows."""

import os
from functools import cache
from pathlib import Path

from sdrrl_data.errors import DatasetNotFound
from sdrrl_data.models import hub
from sdrrl_data.models.hub import HubRequest
from sdrrl_data.models.places import HubName, place_of
from sdrrl_data.recipe import ParallelConfig, RowsConfig
from sdrrl_data.sources import hub_rows
from sdrrl_data.sources.object_files import local
from sdrrl_data.sources.row_files import ENDINGS, RowSource, open_file
from sdrrl_data.suggestions import closest, path_instead


def name_of(source: str) -> str:
    """The name of a source, as its rows have it: that of a file, or of a dataset on the Hub."""
    place = place_of(source, ENDINGS)
    return Path(os.path.abspath(place)).name if isinstance(place, Path) else source


def on_hub(source: str) -> bool:
    """Whether a source looks like a name on the Hub and is not a file."""
    return place_of(source, ENDINGS) == HubName(source)


def open_source(settings: RowsConfig | ParallelConfig, role: str, instead: str) -> RowSource:
    """Open a file or a dataset on the Hub. Of a dataset, only the rows that are read are fetched.

    Args:
        settings: which file or dataset to read.
        role: what it is for, for error messages ("seeds").
        instead: what the user can do if a dataset cannot be read ("give a local file with --seeds").

    Raises:
        DatasetNotFound: it does not exist, or this user may not read it.
        HubUnavailable: the Hub cannot be reached, and the rows were not fetched before.
        UserError: it cannot be read. Iterating over the rows can raise all of these errors too.
    """
    place = place_of(settings.source, ENDINGS)
    if isinstance(place, Path):
        return open_file(local(place, role), role)
    if place != HubName(settings.source):
        raise DatasetNotFound(
            f"{role} {settings.source}: there is no such file, and it is not a dataset on the Hub (org/name)"
            f"{path_instead(settings.source) or _word_instead(settings.source, role)}"
        )
    request = HubRequest("dataset", settings.source, settings.revision, role, "its name", instead)
    dataset = hub_rows.find(request, settings.config, settings.split)
    return hub_rows.stream(dataset, settings.config, settings.split)


@cache
def licence_on_hub(name: str, commit: str) -> str | None:
    """The licence in the head of a dataset's card; all of them if there are several; None if there is none.

    Raises:
        HubUnavailable: the Hub cannot be reached, and the card was not fetched before.
        UserError: the Hub does not give access to the dataset.
    """
    request = HubRequest("dataset", name, commit, "the licence of", "its name", "name its licence in the recipe")
    return hub.find(request, usable=lambda fetched: True).licence


def _word_instead(source: str, role: str) -> str:
    """How a sentence about seeds goes on where the word for the model's own questions is mistyped."""
    return ": did you mean magpie?" if role == "seeds" and closest(source, ["magpie"]) else ""
