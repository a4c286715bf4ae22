"""The client of a server: its address, its key, how long it waits."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from sdrrl_data.errors import UserError
from sdrrl_data.generation.openai_errors import key
from sdrrl_data.recipe import ServerConfig

CONNECT_TIMEOUT = 10.0  # seconds; a server that is there accepts at once, however long its answers take


def options(server: ServerConfig, timeout: float) -> dict[str, Any]:
    """The arguments of a client.

    Args:
        server: its address, with its query where it has one (Azure's `?api-version=...`), and its retries.
        timeout: seconds for each try, not for all of them.

    Raises:
        UserError: the key cannot be sent.
    """
    from openai import Timeout

    secret = key()
    if not (secret.isascii() and secret.isprintable()):
        raise UserError("OPENAI_API_KEY holds a character that no key can have: set it anew")
    query = dict(parse_qsl(urlsplit(server.url).query, keep_blank_values=True))
    # Azure wants its key in a header of its own where the address names a version.
    headers = {"api-key": secret} if secret and "api-version" in query else {}
    return {
        "base_url": shown(server),
        "api_key": secret or "none",  # the client wants one, whether the server does or not
        "timeout": Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT)),
        "max_retries": server.retries,
        "default_query": query,
        "default_headers": headers,
    }


def shown(server: ServerConfig) -> str:
    """The address of a server without its query, which may hold what nobody else should read."""
    scheme, place, path, _, _ = urlsplit(server.url)
    return urlunsplit((scheme, place, path, "", ""))
