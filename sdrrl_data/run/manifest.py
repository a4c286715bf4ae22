"""What made a run, and its figures."""

import json
from collections.abc import Collection
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from sdrrl_data.errors import NotARun, VersionMismatch
from sdrrl_data.protocols import Ingredient
from sdrrl_data.run.versions import READABLE, SCHEMA_VERSION


class Count(BaseModel):
    """What one step made of its rows."""

    rows_in: int
    rows_out: int
    set_aside: dict[str, int]  # reason -> rows


class FilterCount(BaseModel):
    """What one filter found wanting. Crossings are `src->src`, `src->tgt`, `tgt->src` and `tgt->tgt`."""

    filter: str  # as the recipe names it
    weight: float  # of a text that fails it; 0: it is dropped
    texts: dict[str, int]  # question_src, question_tgt, answer_src, answer_tgt -> texts that fail
    alone: dict[str, int]  # crossing -> pairs of question and answer that it removes, were it the only filter
    only: dict[str, int]  # crossing -> pairs that it removes, and no other filter


class Contaminated(BaseModel):
    """What was found of a test set."""

    set: str
    items: int  # its rows of which at least half was found
    texts: int  # questions and answers, in both languages, that they were found in


class Kind(BaseModel):
    """One kind of row in a transfer set: its share as asked, what there was, and what was taken."""

    kind: str
    asked: float
    available: int
    taken: int


class TargetCount(BaseModel):
    """The figures of one target."""

    pairs: int  # translated pairs that were judged
    kept: int  # those with every text kept, at whatever weight
    kept_texts: dict[str, int]  # question_src, question_tgt, answer_src, answer_tgt -> texts kept
    filters: list[FilterCount]  # those that a text failed
    removed: dict[str, int]  # crossing -> pairs that all filters together remove
    contamination: list[Contaminated] = []  # what was found of the test sets that the run was compared with
    translators: dict[str, int] = {}  # of several: whose texts were chosen
    mix: list[Kind]
    rows: dict[str, int]  # split -> rows


class Counts(BaseModel):
    """The figures of a run, as the summary and the card show them."""

    steps: dict[str, Count] = {}
    answers: dict[str, int] = {}  # fault of the model's answer, or "from the reference" -> answers
    targets: dict[str, TargetCount] = {}


class Manifest(BaseModel):
    """What made a run. It holds no times, so that a repeated run ends with the same bytes."""

    model_config = ConfigDict(extra="forbid")

    schema_version: int = SCHEMA_VERSION
    state: Literal["unfinished", "finished"]
    signatures: dict[str, str]  # of each target
    recipe: dict[str, Any]
    versions: dict[str, str]
    ingredients: list[Ingredient]
    growths: list[list[int]] = []  # each time the run grew: the rows of its new parts of seeds
    counts: Counts = Counts()
    files: dict[str, str] = {}  # of the transfer sets: path in the run -> SHA-256

    def only(self, tags: Collection[str]) -> Self:
        """What is left of the manifest where a run has these of its targets alone."""

        def among(table: str) -> bool:
            tag, slash, _ = table.partition("/")
            return not slash or tag in tags

        steps = {step: count for step, count in self.counts.steps.items() if among(step)}
        targets = {tag: count for tag, count in self.counts.targets.items() if tag in tags}
        changes = {
            "signatures": {tag: line for tag, line in self.signatures.items() if tag in tags},
            "recipe": self.recipe | {"tgt": [tag for tag in self.recipe["tgt"] if tag in tags]},
            "counts": self.counts.model_copy(update={"steps": steps, "targets": targets}),
            "files": {path: digest for path, digest in self.files.items() if among(path)},
        }
        return self.model_copy(update=changes)


def parsed(content: bytes, where: str, instead: str) -> Manifest:
    """A manifest of this version or of an earlier one that can still be read.

    Args:
        content: of the file.
        where: the file is, for the error's sentence.
        instead: what the user can do where it cannot be read ("use another folder").

    Raises:
        NotARun: it is not a manifest.
        VersionMismatch: it is of a version that this one cannot read.
    """
    try:
        fields = json.loads(content)
        version = fields["schema_version"]
        if version not in READABLE:
            newer = isinstance(version, int) and version > SCHEMA_VERSION
            advice = "install a newer sdrrl-data" if newer else "use the sdrrl-data that made it"
            raise VersionMismatch(
                f"{where} has schema version {version}, and this sdrrl-data reads versions "
                f"{', '.join(map(str, READABLE))}: {advice}, or {instead}"
            )
        return Manifest.model_validate(fields | {"schema_version": SCHEMA_VERSION})
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise NotARun(f"{where} cannot be read as a manifest: {instead}") from error
