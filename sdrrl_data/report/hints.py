"""What is worth a look in a run, with what would change it: one sentence each."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sdrrl_data.report.remedies import FEW
from sdrrl_data.run import Manifest

MUCH = 0.25  # share of the pairs of a target that one filter alone drops
SCARCE = 0.5  # of the share asked for that a kind of rows reaches
_TOO_LONG = re.compile(r"\(max_model_len (\d+) less max_tokens (\d+)\)")  # in the reason of `chat.rendering`


class Hint(NamedTuple):
    """A sentence, and the command that would change it, if there is one."""

    says: str
    command: str = ""

    def __str__(self) -> str:
        return f"{self.says}: {self.command}" if self.command else self.says


def of(manifest: Manifest, folder: str = "RUN") -> list[Hint]:
    """The hints for a run in this folder; none if nothing is unusual."""
    mix = map(Hint, _mix(manifest))
    return [*_too_long(manifest, folder), *_answers(manifest, folder), *_filters(manifest, folder), *mix]


def _too_long(manifest: Manifest, folder: str) -> Iterator[Hint]:
    """The tables with rows whose prompts left no room for what was to be written."""
    for table, count in manifest.counts.steps.items():
        too_long = [(limits, rows) for reason, rows in count.set_aside.items() if (limits := _TOO_LONG.search(reason))]
        if too_long:
            tag, slash, _ = table.rpartition("/")
            key = f"{_translator(manifest, tag) if slash else 'generator'}.max_tokens"
            context, most = max(too_long, key=lambda rows: rows[1])[0].groups()
            rows = _counted(sum(rows for _, rows in too_long), "row was", "rows were")
            yield Hint(
                f"{table}: {rows} too long for the model: of the {context} tokens that it reads and writes, {key} "
                f"keeps {most} for what it writes",
                _generate(folder, {key: max(1, int(most) // 2)}),
            )


def _translator(manifest: Manifest, tag: str) -> str:
    """The key of a target's translator."""
    target = manifest.recipe.get("targets", {}).get(tag, {})
    return f"targets.{tag}.translator" if "translator" in target else "translator"


def _answers(manifest: Manifest, folder: str) -> Iterator[Hint]:
    generator, answers = manifest.recipe.get("generator", {}), manifest.counts.answers
    if cut := answers.get("cut"):
        limit, context = generator.get("max_tokens", 0), generator.get("max_model_len", 0)
        room = {"generator.max_model_len": 4 * limit} if 4 * limit > context else {}  # for the prompts
        says = f"{_counted(cut, 'answer was', 'answers were')} cut at {limit} tokens; with more, all are made anew"
        yield Hint(says, _generate(folder, {"generator.max_tokens": 2 * limit, **room}))
    if looping := answers.get("looping"):
        penalty = generator.get("repetition_penalty")
        says = (
            f"{_counted(looping, 'answer repeats', 'answers repeat')} the same words with a repetition penalty of "
            f"{penalty:g}; with a higher one, all answers are made anew"
        )
        yield Hint(says, _generate(folder, {"generator.repetition_penalty": penalty + 0.1}))


def _generate(folder: str, settings: Mapping[str, float]) -> str:
    """The command that goes on with a run with other settings."""
    values = {key: f"{value:g}" if isinstance(value, float) else value for key, value in settings.items()}
    return " ".join([f"sdrrl-data generate --out {folder}", *(f"--set {key}={value}" for key, value in values.items())])


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
