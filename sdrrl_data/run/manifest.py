"""What made a run, and its figures."""

import json
from collections.abc import Collection
from copy import deepcopy
from itertools import chain
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from sdrrl_data.errors import NotARun, VersionMismatch
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import PreferencesConfig, forms, loading, overrides
from sdrrl_data.recipe.changes import as_described
from sdrrl_data.run.parts import fingerprint
from sdrrl_data.run.versions import READABLE, SCHEMA_VERSION

_DIGEST = "digest"  # a key of the file; a manifest on the Hub, and one of sdrrl-data 0.2.0, has none


class Count(BaseModel):
    """How many rows went into a step, came out of it, and were set aside."""

    rows_in: int
    rows_out: int
    set_aside: dict[str, int]  # reason -> rows


class FilterCount(BaseModel):
    """The texts that fail one filter, and the pairs that it removes.

    Crossings are `src->src`, `src->tgt`, `tgt->src` and `tgt->tgt`.
    """

    filter: str  # as the recipe names it
    weight: float  # of a text that fails it; 0: the text is dropped
    texts: dict[str, int]  # question_src, question_tgt, answer_src, answer_tgt -> texts that fail
    alone: dict[str, int]  # crossing -> pairs of question and answer that it would remove as the only filter
    only: dict[str, int]  # crossing -> pairs that this filter removes and no other does
    bounds: dict[str, int] = {}  # what a value must be, such as ">= 0.8" -> texts that fail it; not in earlier versions


class Contaminated(BaseModel):
    """How much of a test set was found in the run's texts."""

    set: str
    items: int  # rows of the test set of which at least half was found
    texts: int  # questions and answers, in both languages, in which they were found


class Kind(BaseModel):
    """One kind of row in a transfer set: the share asked for, the rows available, and the rows taken."""

    kind: str
    asked: float
    available: int
    taken: int


class DirectCount(BaseModel):
    """How the model answers the translated questions itself, compared with the translated answers."""

    answers: int
    finished: int  # those that the model ended by itself
    told: int  # those of which the language can be told
    in_language: int  # those of them that are in the target language
    chrf: float  # the mean chrF++ against the translated answers


class PairCount(BaseModel):
    """The figures of preferences: pairs of answers to one question, one of them chosen and the other rejected."""

    rows: dict[str, int]  # split -> rows
    kinds: dict[str, dict[str, int]]  # direction -> kind of the rejected answer -> rows
    same: int  # pairs that were left out, because both answers are the same text


class TargetCount(BaseModel):
    """The figures of one target."""

    pairs: int  # translated pairs that were judged
    kept: int  # pairs of which every text is kept, whatever its weight
    kept_texts: dict[str, int]  # question_src, question_tgt, answer_src, answer_tgt -> texts kept
    filters: list[FilterCount]  # those that at least one text failed
    removed: dict[str, int]  # crossing -> pairs that all filters together remove
    contamination: list[Contaminated] = []  # of the test sets that the run was compared with
    translators: dict[str, int] = {}  # if there are several: translator -> texts chosen from it
    mix: list[Kind]
    rows: dict[str, int]  # split -> rows
    direct: DirectCount | None = None  # of the direct answers, if there are any
    preferences: PairCount | None = None  # of an earlier version, there are none
    distillation: dict[str, int] = {}  # split -> rows


class Counts(BaseModel):
    """The figures of a run, as the summary and the card show them."""

    steps: dict[str, Count] = {}
    answers: dict[str, int] = {}  # fault of the model's answer, or "from the reference" -> answers
    chosen: dict[str, int] = {}  # if several models answer: the name of each -> answers taken from it
    targets: dict[str, TargetCount] = {}


class Manifest(BaseModel):
    """What made a run. It holds no times, so that a repeated run ends with the same bytes."""

    model_config = ConfigDict(extra="forbid")

    schema_version: int = SCHEMA_VERSION
    state: Literal["beginning", "unfinished", "finished"]  # "beginning": its seeds are being written
    signatures: dict[str, str]  # of each target
    recipe: dict[str, Any]
    named: dict[str, Any] | None = None  # what was written in the recipe that a command named; it stays on this machine
    command: str | None = None  # that began the run, without secrets and without its folder; it stays on this machine
    versions: dict[str, str]
    ingredients: list[Ingredient]
    used: dict[
        str, list[int]
    ] = {}  # the places in `ingredients` of those behind a target; in earlier versions not known
    tables: dict[str, int] = {}  # in the order in which they are made: the parts that each will have
    growths: list[list[int]] = []  # each time the run grew: the rows of its new parts of seeds
    counts: Counts = Counts()
    files: dict[str, str] = {}  # of the transfer sets and the datasets beside them: path in the run -> SHA-256

    @model_validator(mode="after")
    def _has_its_form(self) -> Self:
        """Refuse a manifest that was damaged, or edited: what is read here has to be there in its form."""
        targets = self.recipe.get("targets", {})
        if not isinstance(self.recipe.get("tgt", []), list) or not isinstance(targets, dict):
            raise ValueError("its recipe has no list of targets")
        if not all(isinstance(target, dict) for target in targets.values()):
            raise ValueError("its recipe has a target without settings")
        if not all(0 <= place < len(self.ingredients) for place in chain(*self.used.values())):
            raise ValueError("it names ingredients that it does not have")
        return self

    @property
    def description(self) -> str:
        """What the recipe says of itself, as far as it holds for the languages and models that a command chose."""
        name, written = str(self.recipe.get("name")), self.named
        if written is None and loading.is_packaged(name):
            written = loading.written(name)
        if written and not as_described(written, self.recipe):
            return "Made with other languages or models than the recipe was written for."
        return str(self.recipe.get("description", ""))

    def ingredients_of(self, tag: str) -> list[Ingredient]:
        """The ingredients behind the rows of one target; all, if that is not known."""
        return [self.ingredients[place] for place in self.used.get(tag, range(len(self.ingredients)))]

    def targets_of(self, part: Ingredient) -> list[str]:
        """The tags of the targets whose rows an ingredient is behind."""
        return [tag for tag in self.signatures if part in self.ingredients_of(tag)]

    def target_recipe(self, tag: str) -> dict[str, Any]:
        """The recipe as it holds for one target, as JSON data; it need not be valid in this version."""
        content = deepcopy(self.recipe)
        overrides.lay_over(content, content.pop("targets", {}).get(tag, {}))
        return content

    def only(self, tags: Collection[str]) -> Self:
        """The manifest with only these of the run's targets."""

        def is_included(table: str) -> bool:
            tag, slash, _ = table.partition("/")
            return not slash or tag in tags

        steps = {step: count for step, count in self.counts.steps.items() if is_included(step)}
        targets = {tag: count for tag, count in self.counts.targets.items() if tag in tags}
        used = {tag: places for tag, places in self.used.items() if tag in tags}
        places = (
            sorted(set(chain(*used.values()))) if all(tag in used for tag in tags) else range(len(self.ingredients))
        )
        changes = {
            "ingredients": [self.ingredients[place] for place in places],
            "used": {tag: [places.index(place) for place in of_target] for tag, of_target in used.items()},
            "signatures": {tag: line for tag, line in self.signatures.items() if tag in tags},
            "recipe": _recipe_only(self.recipe, tags),
            "counts": self.counts.model_copy(update={"steps": steps, "targets": targets}),
            "tables": {table: parts for table, parts in self.tables.items() if is_included(table)},
            "files": {path: digest for path, digest in self.files.items() if is_included(path)},
        }
        return self.model_copy(update=changes)


def _recipe_only(recipe: dict[str, Any], tags: Collection[str]) -> dict[str, Any]:
    tgt = [tag for tag in recipe["tgt"] if tag in tags]
    targets = {tag: target for tag, target in recipe.get("targets", {}).items() if tag in tags}
    return recipe | {"tgt": tgt} | ({"targets": targets} if "targets" in recipe else {})


def written(manifest: Manifest) -> str:
    """A manifest as its file has it: with a digest of all else, as its last key."""
    text = manifest.model_dump_json(indent=2)
    return f'{text[:-2]},\n  "{_DIGEST}": "{fingerprint(json.loads(text))}"\n}}\n'


def parsed(content: bytes, where: str, instead: str) -> Manifest:
    """A manifest of this version or of an earlier one that can still be read.

    Args:
        content: the file's bytes.
        where: the file's path, for the error message.
        instead: what the user can do if it cannot be read ("use another folder").

    Raises:
        NotARun: it is not a manifest.
        VersionMismatch: this version of sdrrl-data cannot read it.
    """
    try:
        fields = json.loads(content)
        if (digest := fields.pop(_DIGEST, None)) and digest != fingerprint(fields):
            raise ValueError("it is not as it was written")
        version = fields["schema_version"]
        if version not in READABLE:
            newer = isinstance(version, int) and version > SCHEMA_VERSION
            advice = "install a newer sdrrl-data" if newer else "use the sdrrl-data that made it"
            raise VersionMismatch(
                f"{where} has schema version {version}, and this sdrrl-data reads versions "
                f"{', '.join(map(str, READABLE))}: {advice}, or {instead}"
            )
        if not all(isinstance(tag, str) for tag in fields["recipe"]["tgt"]):
            raise ValueError("its recipe has no list of targets")
        manifest = Manifest.model_validate(fields | {"schema_version": SCHEMA_VERSION})
        # Settings that earlier versions do not know, as they were then.
        manifest.recipe.setdefault("keep", None)
        manifest.recipe.setdefault("direct_answers", False)
        manifest.recipe.setdefault("other_generators", [])
        mix = manifest.recipe.get("transfer_set", {}).get("mix")
        for kind in ("pivot", "contrast") if mix else ():
            mix.setdefault(kind, 0.0)
        manifest.recipe.setdefault("preferences", PreferencesConfig().model_dump(mode="json"))
        manifest.recipe["preferences"].setdefault("margin", 0.0)
        forms.bring_up_to_date(manifest.recipe)
        forms.bring_up_to_date(manifest.named or {})
        return manifest
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, ValidationError) as error:
        raise NotARun(f"{where} cannot be read as a manifest: {instead}") from error


def files_in_manifest(folder: Path) -> dict[str, str]:
    """The files of the transfer sets that the manifest in a run's folder names; none if it has no manifest."""
    try:
        return parsed((folder / "manifest.json").read_bytes(), str(folder), "use another folder").files
    except OSError:
        return {}
