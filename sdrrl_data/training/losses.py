"""How well a model does on the test split, by task and by direction: the loss, or the margin between two answers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, Self

import polars as pl


class Loss(NamedTuple):
    """The loss on some rows."""

    nll: float  # negative log-likelihood in nats, summed over the tokens of the completions
    tokens: int

    @property
    def mean(self) -> float:
        """Nats a token."""
        return self.nll / self.tokens if self.tokens else 0.0

    def named(self) -> dict[str, float]:
        """Its figures by name."""
        return {"loss": self.mean}

    def counted(self) -> dict[str, int]:
        """What the figures are of."""
        return {"tokens": self.tokens}

    @classmethod
    def summed(cls, losses: Sequence[Self]) -> Self:
        """The loss on all of these rows."""
        return cls(sum(loss.nll for loss in losses), sum(loss.tokens for loss in losses))


class Preferred(NamedTuple):
    """How much a model prefers the chosen answers of some pairs to the rejected ones, by an objective's rewards."""

    loss: float  # of the objective, summed over the pairs
    pairs: int
    margin: float  # reward of the chosen answer less that of the rejected one, summed over the pairs
    right: float | None  # how many chosen answers have the greater reward; None: the trainer does not say

    @property
    def mean(self) -> float:
        """The loss a pair."""
        return self.loss / self.pairs if self.pairs else 0.0

    def named(self) -> dict[str, float]:
        """Its figures by name."""
        pairs = self.pairs or 1
        right = {} if self.right is None else {"accuracy": self.right / pairs}
        return {"loss": self.mean, "margin": self.margin / pairs, **right}

    def counted(self) -> dict[str, int]:
        """What the figures are of."""
        return {"pairs": self.pairs}

    @classmethod
    def summed(cls, figures: Sequence[Self]) -> Self:
        """The figures of all of these pairs."""
        losses, pairs, margins, right = zip(*figures, strict=True) if figures else ((), (), (), ())
        known = None if None in right else sum(filter(None, right))
        return cls(sum(losses), sum(pairs), sum(margins), known)


class Figures(Protocol):
    """What `Loss` and `Preferred` have in common."""

    @property
    def mean(self) -> float:
        """The loss, of which less is better."""
        ...

    def named(self) -> dict[str, float]:
        """The figures by name, `loss` among them."""
        ...

    def counted(self) -> dict[str, int]:
        """What the figures are of, such as tokens."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """What they are made of again."""
        ...

    @classmethod
    def summed(cls, figures: Sequence[Any]) -> Any:
        """The figures of several kinds together."""
        ...


Losses = Mapping[tuple[str, str], Figures]  # by task and direction


def together(losses: Losses) -> Figures:
    """The figures of all rows."""
    return _sum(list(losses.values()))


def by_kind(losses: Losses) -> dict[str, Figures]:
    """The figures of each task, then of each direction."""
    parts: dict[str, list[Figures]] = {}
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


def _sum(figures: Sequence[Figures]) -> Figures:
    kind: type[Figures] = type(figures[0]) if figures else Loss
    summed: Figures = kind.summed(figures)
    return summed
