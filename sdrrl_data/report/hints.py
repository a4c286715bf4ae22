"""What is worth a look in a run, with what would change it: one sentence each."""

import re
from collections.abc import Iterator

from sdrrl_data.report.remedies import FEW
from sdrrl_data.run import Manifest

MUCH = 0.25  # share of the pairs of a target that one filter alone drops
SCARCE = 0.5  # of the share asked for that a kind of rows reaches
_TOO_LONG = re.compile(r"\(max_model_len (\d+) less max_tokens (\d+)\)")  # in the reason of `chat.rendering`


def of(manifest: Manifest) -> list[str]:
    """The sentences; none if nothing is unusual."""
    return [*_too_long(manifest), *_answers(manifest), *_filters(manifest), *_mix(manifest)]


def _too_long(manifest: Manifest) -> Iterator[str]:
    """The tables with rows whose prompts left no room for what was to be written."""
    for table, count in manifest.counts.steps.items():
        too_long = [(limits, rows) for reason, rows in count.set_aside.items() if (limits := _TOO_LONG.search(reason))]
        if too_long:
            tag, slash, _ = table.rpartition("/")
            section = _translator(manifest, tag) if slash else "generator"
            context, most = max(too_long, key=lambda rows: rows[1])[0].groups()
            yield (
                f"{table}: {_counted(sum(rows for _, rows in too_long), 'row was', 'rows were')} too long for the "
                f"model: of the {context} tokens that it reads and writes, {section}.max_tokens keeps {most} for what "
                f"it writes; give fewer, such as --set {section}.max_tokens={max(1, int(most) // 2)}"
            )


def _translator(manifest: Manifest, tag: str) -> str:
    """The key of a target's translator."""
    target = manifest.recipe.get("targets", {}).get(tag, {})
    return f"targets.{tag}.translator" if "translator" in target else "translator"


def _answers(manifest: Manifest) -> Iterator[str]:
    generator, answers = manifest.recipe.get("generator", {}), manifest.counts.answers
    if cut := answers.get("cut"):
        limit = generator.get("max_tokens")
        yield f"{_counted(cut, 'answer was', 'answers were')} cut at {limit} tokens: raise generator.max_tokens"
    if looping := answers.get("looping"):
        penalty = generator.get("repetition_penalty")
        yield (
            f"{_counted(looping, 'answer repeats', 'answers repeat')} the same words: raise "
            f"generator.repetition_penalty (now {penalty:g})"
        )


def _filters(manifest: Manifest) -> Iterator[str]:
    for tag, target in manifest.counts.targets.items():
        for count in target.filters if target.kept >= FEW * target.pairs else []:  # otherwise see `remedies`
            share = count.only["tgt->tgt"] / max(target.pairs, 1)
            if share > MUCH:
                yield (
                    f"{tag}: the filter {count.filter} alone drops a text of {share:.0%} of the pairs: see what other "
                    "thresholds would keep with `sdrrl-data tune`"
                )


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
