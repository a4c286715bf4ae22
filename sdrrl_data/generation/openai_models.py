"""Which models a server says that it serves."""

import logging
from typing import Any

from sdrrl_data.errors import ServerUnavailable
from sdrrl_data.generation.openai_client import options, shown
from sdrrl_data.generation.openai_errors import fault_of, json_of, one_line
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import GeneratorConfig

LIST_TIMEOUT = 30.0  # seconds for the list of its models
NAMED = 10  # models that a warning names
BUSY, BROKEN = 429, 500  # statuses of a server that is there, and may answer soon; the second and all above


def identify(settings: GeneratorConfig) -> Ingredient:
    """What would answer, by the server's own list of its models.

    Many servers have no list, keep it secret, or answer for models that are not in it. Then this warns, and the first
    answer decides.

    Raises:
        ServerUnavailable: the server cannot be reached, or fails.
    """
    server = settings.server
    assert server, "an engine openai without a server is refused where it is chosen"
    owners, doubt = _listed(settings)
    # "model:nitro" and "org/model:provider" say how a router is to serve the model.
    name = settings.model if settings.model in owners else settings.model.rpartition(":")[0]
    if not doubt and name not in owners:
        names = ", ".join([*owners][:NAMED]) + (", …" if len(owners) > NAMED else "")
        doubt = f"does not list {settings.model} among its models ({one_line(names) or 'there are none'})"
    if doubt:
        logging.getLogger(__name__).warning(
            "server %s %s: its first answer will show whether it serves %s", shown(server), doubt, settings.model
        )
    owner = owners.get(name)
    return Ingredient("generator", settings.model, None, None, f"openai ({owner})" if owner else "openai")


def _listed(settings: GeneratorConfig) -> tuple[dict[str, str | None], str]:
    """The owner of each model in the list; and what is wrong with the list, or ""."""
    from openai import APIError, OpenAI

    server = settings.server
    assert server
    with OpenAI(**options(server, min(server.timeout, LIST_TIMEOUT))) as client:
        try:
            response = _reply(client)
        except APIError as error:
            fault = fault_of(error)
            if fault.whose != "row" and getattr(error, "status_code", None) != 401:
                raise ServerUnavailable(f"server {shown(server)}: {fault.message}: {fault.remedy}") from None
            return {}, f"gives no list of its models ({fault.message})"
    listed = json_of(response.content)
    if isinstance(listed, dict):
        listed = next((listed[name] for name in ("data", "models") if isinstance(listed.get(name), list)), None)
    if not isinstance(listed, list):
        return {}, "gives no list of its models"
    return dict(filter(None, map(_model, listed))), ""


def _reply(client: Any) -> Any:
    """The server's list of its models. One that is not there is asked only once more: somebody waits for the run."""
    from httpx2 import Response
    from openai import APIStatusError

    try:
        return client.with_options(max_retries=min(client.max_retries, 1)).get("/models", cast_to=Response)
    except APIStatusError as error:
        if error.status_code != BUSY and error.status_code < BROKEN:
            raise
        return client.get("/models", cast_to=Response)


def _model(entry: Any) -> tuple[str, str | None] | None:
    """The name of a model, and its owner."""
    if isinstance(entry, str):
        return entry, None
    if not isinstance(entry, dict):
        return None
    name = next((entry[key] for key in ("id", "name", "model") if isinstance(entry.get(key), str)), None)
    owner = entry.get("owned_by")
    return (name, one_line(owner) if isinstance(owner, str) and owner else None) if name is not None else None
