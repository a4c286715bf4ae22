"""How well a model predicts completions: the loss by task and by direction."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl


class Loss(NamedTuple):
    """The loss on some rows."""

    nll: float  # negative log-likelihood in nats, summed over the tokens of the completions
    tokens: int

    @property
    def mean(self) -> float:
        """Nats a token."""
        return self.nll / self.tokens if self.tokens else 0.0


Losses = Mapping[tuple[str, str], Loss]  # by task and direction


def together(losses: Losses) -> Loss:
    """The loss over all rows."""
    return _sum(list(losses.values()))


def by_kind(losses: Losses) -> dict[str, Loss]:
    """The loss of each task, then of each direction."""
    parts: dict[str, list[Loss]] = {}
    for place in (0, 1):
        for kind in sorted(losses):
            parts.setdefault(kind[place], []).append(losses[kind])
    return {name: _sum(losses_of_kind) for name, losses_of_kind in parts.items()}


def measure(model: Any, rows: pl.DataFrame, at_once: int, accelerator: Any, padding: int) -> Losses:
    """The exact losses of a model on rows, independent of the batches; each token counts the same.

    Every process has to call this with the same rows: they share the work.

    Args:
        model: as TRL's SFTTrainer prepared it.
        rows: task, direction, input_ids, start.
        at_once: rows in a batch of one process.
        accelerator: the trainer's.
        padding: the id of the padding token.
    """
    import torch

    kinds = sorted(set(zip(rows["task"], rows["direction"], strict=True)))
    # Longest first: rows of a batch have about the same length, and memory runs out in the first batch or not at all.
    longest_first = rows.sort(pl.col("input_ids").list.len(), descending=True)
    batches = list(longest_first.select("task", "direction", "input_ids", "start").iter_slices(at_once))
    sums = torch.zeros(len(kinds), 2, dtype=torch.float64, device=accelerator.device)
    world, rank = accelerator.num_processes, accelerator.process_index
    training = model.training
    model.eval()
    for first in range(0, len(batches), world):
        # All processes must take part: one without a batch of its own repeats the last one and does not count it.
        batch = batches[min(first + rank, len(batches) - 1)]
        with torch.no_grad():
            outputs = model(**_padded(batch, padding, accelerator.device), use_cache=False, fused_lm_head=True)
        if first + rank < len(batches):
            batch_sums = torch.stack([-outputs.log_probs.double().sum(1), outputs.label_mask.double().sum(1)], dim=1)
            places = [kinds.index(kind) for kind in batch.select("task", "direction").rows()]
            sums.index_add_(0, torch.tensor(places, device=sums.device), batch_sums)
    model.train(training)
    if world > 1:
        sums = accelerator.reduce(sums, reduction="sum")
    return {kind: Loss(nll, int(tokens)) for kind, (nll, tokens) in zip(kinds, sums.tolist(), strict=True)}


def _padded(batch: pl.DataFrame, padding: int, device: Any) -> dict[str, Any]:
    import torch

    rows = list(batch.select("input_ids", "start").iter_rows())
    width = max(len(ids) for ids, _ in rows)
    filled = {
        "input_ids": [ids + [padding] * (width - len(ids)) for ids, _ in rows],
        "attention_mask": [[1] * len(ids) + [0] * (width - len(ids)) for ids, _ in rows],
        "labels": [[-100] * start + ids[start:] + [-100] * (width - len(ids)) for ids, start in rows],
    }
    return {name: torch.tensor(values, device=device) for name, values in filled.items()}


def _sum(losses: Sequence[Loss]) -> Loss:
    return Loss(sum(loss.nll for loss in losses), sum(loss.tokens for loss in losses))
