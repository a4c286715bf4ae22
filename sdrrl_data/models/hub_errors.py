"""Errors of the Hub and its clients, in words. An error that is not listed here is a bug, and is raised as it is."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple

from sdrrl_data import causes

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

UNREACHABLE = "cannot be reached"


class Outage(NamedTuple):
    """A temporary problem of the Hub."""

    what: str  # the Hub does: "asks for a pause"
    detail: str  # "429"
    wait: float | None = None  # seconds, if it says how long

    def __str__(self) -> str:
        return f"{self.what} ({self.detail})"

    @property
    def why(self) -> str:
        """Why the Hub cannot be reached."""
        return self.detail if self.what == UNREACHABLE else f"it {self.what}: {self.detail}"


def raised() -> tuple[type[Exception], ...]:
    """What `huggingface_hub` raises where the Hub, the network or the disk is at fault.

    `HTTPError` is httpx's, for every status and for connections. `OSError` is for files, and includes
    `OfflineModeIsEnabled` and `LocalEntryNotFoundError`. The others are for answers that are not JSON, and for invalid
    names.
    """
    from huggingface_hub import errors

    return (
        errors.HTTPError,  # type: ignore[attr-defined]
        OSError,
        json.JSONDecodeError,
        errors.HFValidationError,
    )


def raised_by_transfers() -> tuple[type[Exception], ...]:
    """What it also raises while files are sent or fetched: a `RuntimeError` of Xet, or one that wraps another error."""
    from huggingface_hub.errors import XetDownloadError

    return (*raised(), XetDownloadError, RuntimeError)


def outage(error: BaseException) -> Outage | None:
    """The temporary problem behind an error; None if it is not one."""
    from huggingface_hub import errors

    for link in causes.chain(error):
        if isinstance(link, errors.HfHubHTTPError):
            return _outage_by_status(link)
        if isinstance(link, errors.OfflineModeIsEnabled):
            return Outage(UNREACHABLE, "HF_HUB_OFFLINE is set")
        if isinstance(link, (errors.HTTPError, ConnectionError, TimeoutError)):  # type: ignore[attr-defined]
            return Outage(UNREACHABLE, causes.described(link))
        if isinstance(link, json.JSONDecodeError):
            return Outage("does not answer with JSON", causes.described(link))
    return None


def refusal(error: BaseException) -> str | None:
    """The Hub's refusal as a clause; None if it refused nothing."""
    from huggingface_hub.errors import HfHubHTTPError

    refused = next((link for link in causes.chain(error) if isinstance(link, HfHubHTTPError)), None)
    if refused is None:
        return None
    if refused.response.status_code == 401:
        return "the Hub does not take your token: log in with `hf auth login`, or correct HF_TOKEN"
    said = (refused.server_message or str(refused)).strip().splitlines()
    return f"the Hub refuses it ({refused.response.status_code}: {said[0] if said else 'it does not say why'})"


def seconds_asked(headers: Mapping[str, str]) -> float | None:
    """How many seconds the Hub asks to wait."""
    from huggingface_hub.utils import parse_ratelimit_headers  # type: ignore[attr-defined]

    after = headers.get("Retry-After", "").strip()
    if after.isdigit():
        return float(after)
    try:
        return max((parsedate_to_datetime(after) - datetime.now(UTC)).total_seconds(), 0)
    except (ValueError, TypeError):  # not a date, or one without a time zone
        limit = parse_ratelimit_headers(headers)
        return float(limit.reset_in_seconds) if limit and not limit.remaining else None


def _outage_by_status(error: "HfHubHTTPError") -> Outage | None:
    status, headers = error.response.status_code, error.response.headers
    if status == 429:
        return Outage("asks for a pause", "429", seconds_asked(headers))
    if status == 408 or status >= 500:
        return Outage("has a fault", str(status), seconds_asked(headers))
    return None
