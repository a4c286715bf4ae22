"""Which rows a training uses, and in which order."""

import math
from collections.abc import Sequence

import polars as pl

from sdrrl_data.errors import UserError
from sdrrl_data.recipe import draws
from sdrrl_data.suggestions import instead
from sdrrl_data.training.settings import TrainingConfig


def order(rows: pl.DataFrame, settings: TrainingConfig) -> list[int]:
    """The row numbers of all epochs, in the order of the training.

    The order depends only on the seed and the rows' keys, not on how the rows are stored.

    Args:
        rows: columns key, task, direction, weight, and `replay` (whether a row is a replayed one).
        settings: the training's.

    Raises:
        UserError: a weight is for a task or direction that no row has, or no row is left.
    """
    weights = _weights(rows, settings)
    main = [(place, key, weights[place]) for place, key in enumerate(rows["key"]) if not rows["replay"][place]]
    keys = rows["key"].to_list()
    pool = [place for place, replay in enumerate(rows["replay"]) if replay]
    pool.sort(key=lambda place: draws.number(settings.seed, "replay", keys[place]))
    taken: list[int] = []
    replayed = 0
    for epoch in range(math.ceil(settings.epochs)):
        # A row of weight 0.5 is in every second epoch; which one is drawn at random.
        copies = [
            (place, key, _times(weight, epoch, draws.share(settings.seed, "weight", key)))
            for place, key, weight in main
        ]
        drawn = [(place, f"{key}/{copy}") for place, key, times in copies for copy in range(times)]
        if settings.replay:
            share = settings.replay.share
            replay_rows = round(len(drawn) * share / (1 - share))
            places = [pool[(replayed + number) % len(pool)] for number in range(replay_rows)]
            drawn += [(place, f"{keys[place]}/replay {number}") for number, place in enumerate(places)]
            replayed += replay_rows
        drawn.sort(key=lambda place_and_key: draws.number(settings.seed, "order", epoch, place_and_key[1]))
        part = min(1.0, settings.epochs - epoch)
        taken += [place for place, _ in drawn[: round(len(drawn) * part)]]
    if not taken:
        raise UserError("no row is left to train on: every weight is 0, or there are too few epochs")
    return taken


def longest_first(order: Sequence[int], lengths: pl.Series, batch: int) -> list[int]:
    """The same rows in each step, sorted by length, longest first: rows taken at once then need little padding.

    Args:
        order: the row numbers of all epochs.
        lengths: tokens in each row.
        batch: rows in a step.
    """
    tokens = lengths.to_list()
    steps = (order[first : first + batch] for first in range(0, len(order), batch))
    return [place for step in steps for place in sorted(step, key=lambda place: -tokens[place])]


def _times(weight: float, epoch: int, phase: float) -> int:
    return math.floor(weight * (epoch + 1) + phase) - math.floor(weight * epoch + phase)


def _weights(rows: pl.DataFrame, settings: TrainingConfig) -> list[float]:
    """How often each row occurs in an epoch: its weight times the weights of its task and its direction."""
    known = {*rows["task"], *rows["direction"]}
    for kind in settings.weights:
        if kind not in known:
            raise UserError(f"weights.{kind}: no row has this task or direction: {instead(kind, sorted(known))}")
    return [
        weight * settings.weights.get(task, 1.0) * settings.weights.get(direction, 1.0)
        for weight, task, direction in rows.select("weight", "task", "direction").iter_rows()
    ]
