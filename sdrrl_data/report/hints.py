"""What is worth a look in a run, with what would change it: one sentence each."""

from collections.abc import Iterator
from typing import NamedTuple

from sdrrl_data.report.remedies import FEW
from sdrrl_data.run import Manifest

MUCH = 0.25  # share of the pairs of a target that one filter alone drops
SCARCE = 0.5  # of the share asked for that a kind of rows reaches


class Hint(NamedTuple):
    """A sentence, and the command that would change it, if there is one."""

    says: str
    command: str = ""

    def __str__(self) -> str:
        return f"{self.says}: {self.command}" if self.command else self.says


def of(manifest: Manifest, folder: str = "RUN") -> list[Hint]:
    """The hints for a run in this folder; none if nothing is unusual."""
    return [*_answers(manifest, folder), *_filters(manifest, folder), *map(Hint, _mix(manifest))]


def _answers(manifest: Manifest, folder: str) -> Iterator[Hint]:
    generator, answers = manifest.recipe.get("generator", {}), manifest.counts.answers

    def change(**settings: float) -> str:
        options = " ".join(f"--set generator.{name}={value:g}" for name, value in settings.items())
        return f"sdrrl-data generate --out {folder} {options}"

    if cut := answers.get("cut"):
        limit, context = generator.get("max_tokens", 0), generator.get("max_model_len", 0)
        room = {"max_model_len": 4 * limit} if 4 * limit > context else {}  # for the prompts
        says = f"{_counted(cut, 'answer was', 'answers were')} cut at {limit} tokens; with more, all are made anew"
        yield Hint(says, change(max_tokens=2 * limit, **room))
    if looping := answers.get("looping"):
        penalty = generator.get("repetition_penalty")
        says = (
            f"{_counted(looping, 'answer repeats', 'answers repeat')} the same words with a repetition penalty of "
            f"{penalty:g}; with a higher one, all answers are made anew"
        )
        yield Hint(says, change(repetition_penalty=penalty + 0.1))


def _filters(manifest: Manifest, folder: str) -> Iterator[Hint]:
    for tag, target in manifest.counts.targets.items():
        for count in target.filters if target.kept >= FEW * target.pairs else []:  # otherwise see `remedies`
            share = count.only["tgt->tgt"] / max(target.pairs, 1)
            if share > MUCH:
                says = f"{tag}: the filter {count.filter} alone drops a text of {share:.0%} of the pairs"
                yield Hint(f"{says}; see what other thresholds keep", f"sdrrl-data tune {folder} --all")


def _mix(manifest: Manifest) -> Iterator[str]:
    """The kinds of which there are too few rows. In an empty set, all of them wait for one kind."""
    for tag, target in manifest.counts.targets.items():
        taken = sum(kind.taken for kind in target.mix)
        for kind in target.mix:
            if taken and kind.taken == kind.available and kind.taken / taken < SCARCE * kind.asked:
                yield (
                    f"{tag}: {kind.kind} has {kind.taken / taken:.1%} of the rows, and {kind.asked:.1%} was asked for: "
                    f"{'there are none' if not kind.available else f'there are only {kind.available:,} such rows'}"
                )


def _counted(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"
