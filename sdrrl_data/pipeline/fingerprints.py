"""The fingerprint that each part of a table should have, and which parts of earlier versions remain valid."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from sdrrl_data.run import Run, fingerprint
from sdrrl_data.run.marks import is_lacking, of_inputs, without_lack
from sdrrl_data.steps.best_translation import BestTranslationsStep
from sdrrl_data.steps.code_switching_step import CodeSwitchingStep
from sdrrl_data.steps.scoring_steps import ComparisonStep
from sdrrl_data.steps.step import Job, Step
from sdrrl_data.steps.transfer_set_step import TransferSetStep
from sdrrl_data.steps.translations import TranslationsStep

Fingerprints = Mapping[str, Sequence[str]]  # table -> the fingerprints of its parts


def job(step: Step, earlier: Fingerprints, run: Run, accept_lacking: bool = False) -> Job:
    """A step with the fingerprints that its parts should have.

    A part that an earlier version of sdrrl-data made from the same input with the same settings remains valid, and so
    does a part whose refused rows were asked for again: it should then have the fingerprint that it has, and the
    fingerprints of later tables depend on that.

    Args:
        step: the step.
        earlier: the fingerprints of all tables that it reads.
        run: has the parts that were made before.
        accept_lacking: whether a part also remains valid that lacks rows because a server failed.
    """
    output, part_fingerprints = step.output(run), _PartFingerprints(step, earlier)
    expected: list[str] = []
    for part in range(step.parts()):
        expected_fingerprint = part_fingerprints.fingerprint(part, step.version, expected)
        written = output.fingerprint(part)
        if written not in (None, expected_fingerprint):
            base = of_inputs(written)
            if base == expected_fingerprint or base in part_fingerprints.earlier_versions(part, expected):
                expected_fingerprint = written if accept_lacking and is_lacking(written) else without_lack(written)
        expected.append(expected_fingerprint)
    return Job(step, tuple(expected), tuple(expected))


class _PartFingerprints:
    """Computes the fingerprints of a step's parts. Values that are the same for all parts are computed once."""

    def __init__(self, step: Step, earlier: Fingerprints) -> None:
        self._step = step
        self._earlier = earlier
        self._settings = step.settings
        self._schema = step.schema_digest()
        self._whole = fingerprint([earlier[table] for table in step.whole])
        self._learned_in_0_1_0 = lru_cache(maxsize=1)(self._first_parts)
        self._replaced = _PartFingerprints(step.replaces, earlier) if step.replaces else None

    @property
    def version(self) -> int:
        """Of the step."""
        return self._step.version

    def fingerprint(self, part: int, version: int, before: Sequence[str]) -> str:
        """A digest of everything that a part depends on.

        Args:
            part: its number.
            version: of the step.
            before: the fingerprints of the parts before it.
        """
        step, earlier = self._step, self._earlier
        if step.makes == "growth":
            read = [earlier[table][: step.bounds[part]] for table in step.inputs]
        else:
            read = [[earlier[table][part]] for table in step.inputs]
            read += [[earlier[table][step.growth_of(part)]] for table in step.learned]
        size = step.sizes[part] if step.makes == "part" and not step.inputs else None
        chain = before[-1:] if step.ordered else []
        return fingerprint(step.table, self._settings, version, self._schema, part, size, read, self._whole, chain)

    def earlier_versions(self, part: int, before: Sequence[str]) -> Iterator[str]:
        """The fingerprints that earlier versions of the step, with the same columns, would have given to a part."""
        for version in range(self._step.version - 1, 0, -1):
            yield self.fingerprint(part, version, before)
        if self._step.makes != "growth":
            yield self._in_0_1_0(part)
        if self._replaced:
            yield self._replaced.fingerprint(part, self._replaced.version, before)
            yield from self._replaced.earlier_versions(part, before)

    def _in_0_1_0(self, part: int) -> str:
        """The fingerprint in sdrrl-data 0.1.0, which had no versions of steps or schemas, and no learned tables."""
        step, earlier = self._step, self._earlier
        if isinstance(step, TransferSetStep):
            return fingerprint([earlier[table] for table in step.whole], *self._settings)
        if not step.inputs:
            return fingerprint(step.table, self._settings, part, step.sizes[part] if step.makes == "part" else 1)
        if isinstance(step, TranslationsStep | BestTranslationsStep) and step.of_references:
            return fingerprint(step.table, self._settings, [earlier[table][part] for table in step.inputs])
        learned = self._learned_in_0_1_0(step.bounds[step.growth_of(part)])
        read = [earlier[table][part] for table in step.inputs]
        return fingerprint(step.table, self._settings, read, learned, self._whole)

    def _first_parts(self, bound: int) -> str:
        """A digest of everything that a step of 0.1.0 had learned from when the run had `bound` parts."""
        step = self._step
        tables = step.inputs if step.learned or isinstance(step, ComparisonStep) else ()
        if step.learned and isinstance(step, CodeSwitchingStep):
            tables += (step.target.table("parallel"),)
        return fingerprint([self._earlier[table][:bound] for table in tables])
