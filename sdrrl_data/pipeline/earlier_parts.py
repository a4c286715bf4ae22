"""Parts in earlier states of a run that a step would make in the same way now."""

from collections.abc import Sequence
from dataclasses import replace

from sdrrl_data.pipeline import fingerprints, order
from sdrrl_data.run import Run
from sdrrl_data.run.marks import is_lacking, unmarked
from sdrrl_data.steps.step import EarlierPart, Step


def of(step: Step, expected: Sequence[str], states: Sequence[Run]) -> tuple[EarlierPart, ...]:
    """The parts in earlier states that were made by the step with the same settings, from what these states hold.

    Args:
        step: makes parts now.
        expected: the fingerprints of its parts now.
        states: earlier states of the run, the latest first.
    """
    return tuple(EarlierPart(state.path, part) for state in states for part in valid(step, expected, state))


def valid(step: Step, expected: Sequence[str], state: Run) -> list[int]:
    """The numbers of these parts in one state, which may also be the run as it is."""
    manifest = state.manifest()
    if manifest is None:
        return []
    parts = order.Parts.of(manifest.growths)
    earlier_step = replace(step, **parts._asdict())
    read = {table: state.table(table).fingerprints(len(parts.sizes)) for table in step.inputs}
    numbers = []
    for part, fingerprint in enumerate(fingerprints.job(earlier_step, read, state).fingerprints):
        written = state.table(step.table).fingerprint(part)
        if written is None or unmarked(written) != unmarked(fingerprint):
            continue
        if is_lacking(written) and not step.keeps_rows:
            continue  # it does not say which rows are incomplete
        numbers.append(part)
    return numbers if step.inputs else _continuing(numbers, expected, step, state)


def _continuing(parts: Sequence[int], expected: Sequence[str], step: Step, state: Run) -> list[int]:
    """Those of these parts that follow the same parts as the parts of the same number do now."""
    table = state.table(step.table)
    return [
        part
        for part in parts
        if part < len(expected)
        and (part == 0 or unmarked(table.written(part - 1) or "") == unmarked(expected[part - 1]))
    ]
