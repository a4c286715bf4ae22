"""Processes that are forked from one which has imported what they need: none of them pays for the import again."""

import multiprocessing
import multiprocessing.forkserver
import os
from collections.abc import Callable, Mapping
from functools import cache
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).parents[2]


def start(act: Callable[..., object], *arguments: Any, variables: Mapping[str, str] = os.environ) -> BaseProcess:
    """Call a function of a module in a process of its own, which has none of what this one has done or loaded.

    The function and its arguments are pickled; `variables` are the environment. `join` and `exitcode` say how it ended:
    minus the signal, if it was one.
    """
    process: BaseProcess = _forks().Process(target=_work, args=(act, arguments, dict(variables), os.getcwd()))
    process.start()
    return process


def run(act: Callable[..., object], *arguments: Any, variables: Mapping[str, str] = os.environ) -> int | None:
    """The same to its end; returns the exit code."""
    process = start(act, *arguments, variables=variables)
    process.join()
    return process.exitcode


@cache
def _forks() -> Any:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.support.early"])
    # What cannot be imported there is left out without a word: it must not depend on the working directory of a test.
    with patch.dict(os.environ, {"PYTHONPATH": str(ROOT), "POLARS_MAX_THREADS": "1"}):
        multiprocessing.forkserver.ensure_running()
    return context


def _work(act: Callable[..., object], arguments: tuple[Any, ...], variables: dict[str, str], folder: str) -> None:
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    act(*arguments)
