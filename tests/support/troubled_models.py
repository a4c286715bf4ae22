"""The small models, in trouble where a file says so: for tests of processes that die, hang or take long.

A folder has the files `dies`, `dies_once`, `hangs_once` (a word: whoever is asked a question with it is in trouble) and
`slow` (seconds for each answer).
"""

import os
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sdrrl_data.protocols import Completion, Request, SetAside
from sdrrl_data.steps.model_pool import Models
from tests.support import small_models


class Troubled(small_models.Answering):
    def __init__(self, folder: Path, settings: Any) -> None:
        super().__init__(settings)
        self._folder = folder

    def generate(self, requests: Iterable[Request]) -> Iterator[tuple[str, Completion | SetAside]]:
        for request in requests:
            words = request.messages[-1]["content"].split() if request.messages else []
            time.sleep(float(self._said("slow") or 0))
            if self._said("dies") in words or (self._said("dies_once") in words and self._first("dies_once")):
                os.kill(os.getpid(), signal.SIGKILL)
            if self._said("hangs_once") in words and self._first("hangs_once"):
                time.sleep(600)
            yield from super().generate([request])

    def _said(self, name: str) -> str:
        path = self._folder / name
        return path.read_text() if path.exists() else ""

    def _first(self, name: str) -> bool:
        path = self._folder / name
        path.unlink()
        return True


def models(folder: Path) -> Models:
    return replace(small_models.models(), build_generator=partial(Troubled, folder))
