"""Asking the Hub as `push` and `pull` do: a fault that passes is waited out, and a refusal becomes one sentence."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sdrrl_data import causes
from sdrrl_data.errors import Stopped, UserError
from sdrrl_data.models import hub_errors
from sdrrl_data.models.hub_errors import Outage

PAUSES = (1, 2, 4, 8, 16, 30, 60)  # seconds between one try and the next, where the Hub does not say how long
CHANGED = 412  # somebody else's commit came first

Say = Callable[[str], None]
Result = TypeVar("Result")


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
        raise UserError(f"{repo!r} is not a name of a dataset on the Hub ({error}): write owner/name") from None
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
    tries = len(PAUSES) + 1
    for number, pause in enumerate((*PAUSES, None), 2):
        try:
            with _waits_told(say):
                return act()
        except hub_errors.raised_by_transfers() as error:
            outage = _outage(error)
            if outage is None:
                raise
            if pause is None:
                raise Stopped(
                    f"the Hub {outage}, {tries} times; run the same command again later: "
                    "what has arrived is not sent again"
                ) from error
        seconds = pause if outage.wait is None else outage.wait
        safe = "; you may stop it with Ctrl-C, and what has arrived is not sent again" if number == 3 else ""
        say(f"the Hub {outage}; trying again in {seconds:g} s (try {number} of {tries}){safe}")
        time.sleep(seconds)
    raise AssertionError("the last try returns or raises")


def refuse_offline() -> None:
    """Stop where the Hub's client may not ask the Hub, before anything else is found missing.

    Raises:
        huggingface_hub.errors.OfflineModeIsEnabled: it may not.
    """
    from huggingface_hub import constants, errors

    if constants.is_offline_mode():
        raise errors.OfflineModeIsEnabled


@contextmanager
def refusals(repo: str) -> Iterator[None]:
    """What the Hub refuses becomes one sentence.

    Raises:
        UserError: it does.
    """
    from huggingface_hub import errors

    try:
        yield
    except errors.OfflineModeIsEnabled:
        raise UserError(f"{repo}: HF_HUB_OFFLINE keeps the Hub's client from asking the Hub: unset it") from None
    except hub_errors.raised_by_transfers() as error:
        sentence = _not_writable(error) or hub_errors.refusal(error)
        if sentence is None:
            raise
        raise UserError(f"{repo}: {sentence}") from error


def _not_writable(error: Exception) -> str | None:
    from huggingface_hub.errors import HfHubHTTPError

    if any(isinstance(link, HfHubHTTPError) and link.response.status_code == 403 for link in causes.chain(error)):
        return (
            "the Hub does not let you write there: name a repository of your own, or log in (`hf auth login`, "
            "HF_TOKEN) with a token that may write"
        )
    return None


def _outage(error: Exception) -> Outage | None:
    """What will pass if one waits; None: something else."""
    from huggingface_hub import errors

    for link in causes.chain(error):
        if isinstance(link, errors.HfHubHTTPError) and link.response.status_code == CHANGED:
            return Outage("has a new commit by somebody else", str(CHANGED), 0)
        if isinstance(link, errors.OfflineModeIsEnabled):
            return None
    return hub_errors.outage(error)


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
