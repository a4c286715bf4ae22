"""The Hub as `push` and `pull` see it: what is there, what it refuses, and when to ask it again."""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple, TypeVar

from sdrrl_data.errors import Stopped, UserError

PAUSES = (1, 2, 4, 8, 16, 30, 60)  # seconds between one try and the next, where the Hub does not say how long
CHANGED = 412  # somebody else's commit came first

Say = Callable[[str], None]
Result = TypeVar("Result")


class HubFile(NamedTuple):
    """A file on the Hub: the hash of its content."""

    sha256: str | None  # of a large file
    blob: str | None  # the name that git has for it


class HubDataset(NamedTuple):
    """A dataset on the Hub, as it is at one commit."""

    repo: str
    sha: str
    private: bool
    files: dict[str, HubFile]  # by path

    def read(self, path: str) -> bytes:
        """A small file of it; it goes through the cache of the Hub's client."""
        from huggingface_hub import hf_hub_download

        return Path(hf_hub_download(self.repo, path, repo_type="dataset", revision=self.sha)).read_bytes()


def look(repo: str, revision: str | None) -> HubDataset:
    """A dataset as it is now.

    Raises:
        RepositoryNotFoundError, RevisionNotFoundError: of huggingface_hub.
    """
    from huggingface_hub import HfApi

    info = HfApi().dataset_info(repo, revision=revision, files_metadata=True)
    files = {
        sibling.rfilename: HubFile(sibling.lfs.sha256 if sibling.lfs else None, sibling.blob_id)
        for sibling in info.siblings or []
    }
    return HubDataset(info.id, str(info.sha), bool(info.private), files)


def named(repo: str) -> str:
    """The name of a repository, which may be one.

    Raises:
        UserError: it cannot be one.
    """
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    try:
        validate_repo_id(repo)
    except HFValidationError as error:
        raise UserError(f"{repo!r} is no name of a dataset on the Hub ({error}): write owner/name") from None
    if "/" not in repo:
        raise UserError(f"{repo!r} says no owner of the dataset on the Hub: write owner/name, such as your-name/{repo}")
    return repo


def patiently(act: Callable[[], Result], say: Say) -> Result:
    """Do something that may be done twice; where the Hub is busy or away, wait and do it again.

    Waits as long as the Hub asks (`Retry-After`, `RateLimit`), else longer each time. What the Hub's client waits for
    by itself is said, too.

    Raises:
        Stopped: the Hub stayed away.
    """
    for pause in (*PAUSES, None):
        try:
            with _waits_told(say):
                return act()
        except UserError:
            raise
        except Exception as error:
            trouble = _trouble(error)
            if trouble is None:
                raise
            if pause is None:
                raise Stopped(
                    f"the Hub {trouble.problem}, {len(PAUSES) + 1} times; run the same command again later: "
                    "what has arrived is not sent again"
                ) from error
        seconds = pause if trouble.wait is None else trouble.wait
        say(f"the Hub {trouble.problem}; trying again in {seconds:g} s")
        time.sleep(seconds)
    raise AssertionError("the last try returns or raises")


@contextmanager
def refusals(repo: str) -> Iterator[None]:
    """What the Hub refuses becomes one sentence.

    Raises:
        UserError: it does.
    """
    from huggingface_hub import errors

    try:
        yield
    except UserError:
        raise
    except errors.OfflineModeIsEnabled:
        raise UserError(f"{repo}: HF_HUB_OFFLINE keeps the Hub's client from asking the Hub: unset it") from None
    except Exception as error:
        from_hub = next((cause for cause in _chain(error) if isinstance(cause, errors.HfHubHTTPError)), None)
        if from_hub is None:
            raise
        raise UserError(f"{repo}: {_refusal(from_hub)}") from error


def _refusal(error: Exception) -> str:
    from huggingface_hub.errors import HfHubHTTPError

    assert isinstance(error, HfHubHTTPError)
    match error.response.status_code:
        case 401:
            return "the Hub does not take your token: log in with `hf auth login`, or mend HF_TOKEN"
        case 403:
            return (
                "the Hub does not let you write there: name a repository of your own, or log in (`hf auth login`, "
                "HF_TOKEN) with a token that may write"
            )
    lines = (error.server_message or str(error)).strip().splitlines()
    return f"the Hub refuses it ({error.response.status_code}: {lines[0] if lines else 'it does not say why'})"


class _Trouble(NamedTuple):
    problem: str  # what the Hub does, in the words after "the Hub"
    wait: float | None  # seconds, where it says how long


def _trouble(error: Exception) -> _Trouble | None:
    """What will pass if one waits; None: something else."""
    from huggingface_hub import errors

    for cause in _chain(error):
        if isinstance(cause, errors.HfHubHTTPError):
            status, headers = cause.response.status_code, cause.response.headers
            if status == CHANGED:
                return _Trouble("has a new commit by somebody else", 0)
            if status == 429:
                return _Trouble("asks for a pause (429)", seconds_asked(headers))
            return (
                _Trouble(f"has a fault ({status})", seconds_asked(headers)) if status == 408 or status >= 500 else None
            )
        if isinstance(cause, errors.OfflineModeIsEnabled):
            return None
        away = (errors.HTTPError, ConnectionError, TimeoutError)  # type: ignore[attr-defined]
        if isinstance(cause, away):
            return _Trouble(f"cannot be reached ({type(cause).__name__}: {str(cause).partition(chr(10))[0]})", None)
        if isinstance(cause, json.JSONDecodeError):
            return _Trouble("answers with what is no JSON", None)
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those that led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def seconds_asked(headers: Mapping[str, str]) -> float | None:
    """How many seconds the Hub asks to wait."""
    from huggingface_hub.utils import parse_ratelimit_headers  # type: ignore[attr-defined]

    after = headers.get("Retry-After", "").strip()
    if after.isdigit():
        return float(after)
    try:
        return max((parsedate_to_datetime(after) - datetime.now(UTC)).total_seconds(), 0)
    except (ValueError, TypeError):  # no date, or one without a time zone
        limit = parse_ratelimit_headers(headers)
        return float(limit.reset_in_seconds) if limit and not limit.remaining else None


@contextmanager
def _waits_told(say: Say) -> Iterator[None]:
    """Say what the Hub's client waits for by itself, even where its own messages are switched off."""
    logger, handler = logging.getLogger("huggingface_hub.utils._http"), _Waits(say)
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate


class _Waits(logging.Handler):
    def __init__(self, say: Say) -> None:
        super().__init__(logging.WARNING)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        # Its other messages name addresses that are signed, which are secrets for an hour.
        if text.startswith(("Rate limited", "Retrying")):
            self._say(f"the Hub is busy: {text}")
