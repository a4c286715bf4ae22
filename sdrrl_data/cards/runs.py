"""What the card says of each run, from the run's manifest."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sdrrl_data import languages
from sdrrl_data.cards import meanings, portable
from sdrrl_data.cards.markdown import join_names
from sdrrl_data.languages import Language
from sdrrl_data.recipe import ThresholdConfig, loading
from sdrrl_data.recipe.seeds import NATIVE
from sdrrl_data.run import Count, Manifest


class Reproduction(NamedTuple):
    """How to make a run again."""

    recipe: dict[str, Any]  # without anything of the machine that it ran on
    local: list[str]  # names of files and directories that have to be beside the recipe
    shipped: bool  # whether sdrrl-data comes with this very recipe


class DescribedRun(NamedTuple):
    """A run, as the card describes it."""

    manifest: Manifest
    src: Language
    targets: list[Language]

    def names_of(self, role: str) -> list[str]:
        """The names of its ingredients of one role."""
        return list(dict.fromkeys(part.name for part in self.manifest.ingredients if part.role == role))

    def tags(self) -> str:
        """The tags of its targets, which are also the names of the configs."""
        return ", ".join(target.tag for target in self.targets)

    def about(self) -> str:
        """What its rows were made of, in plain text."""
        if self.native():
            (target,) = self.targets
            texts, model = join_names(self.names_of("seeds")), join_names(self.names_of("generator"))
            return (
                f"Texts that people wrote in {target.name}, from {texts}, are the answers, as they are. {model} read a "
                f"translation of each and wrote a question in {self.src.name}, which "
                f"{join_names(self.names_of('translator'))} translated into {target.name}."
            )
        verb = "written and answered" if self.names_of("seeds") == ["magpie"] else "answered"
        targets_of: dict[tuple[str, ...], list[str]] = {}  # by the names of their translators
        for target in self.targets:
            parts = self.manifest.ingredients_of(target.tag)
            names = dict.fromkeys(part.name for part in parts if part.role == "translator")
            targets_of.setdefault((*names,), []).append(target.name)
        into = [f"into {join_names(targets)} by {join_names([*names])}" for names, targets in targets_of.items()]
        return (
            f"Questions in {self.src.name}, {verb} by {join_names(self.names_of('generator'))}. The questions and the "
            f"answers were translated {join_names(into)}."
        )

    def choice(self) -> str:
        """How one of several answers to a question was chosen, in plain text; empty if there was one."""
        recipe = portable.recipe(self.manifest.recipe, self.manifest.ingredients)[0]
        answers, models = recipe["answers"], 1 + len(recipe.get("other_generators", []))
        if answers["samples"] * models == 1:
            return ""
        best_by = answers["best_by"]
        chosen = meanings.BEST_BY.get(best_by) if isinstance(best_by, str) else None
        chosen = chosen or f"the best by the scorer {best_by['kind']}"
        if isinstance(best_by, dict) and best_by.get("model"):
            chosen += f" ({best_by['model']})"
        counts = ", ".join(f"{name} {taken:,}" for name, taken in self.manifest.counts.chosen.items())
        taken = f" Answers taken from each model: {counts}." if counts else ""
        return f"Of {answers['samples'] * models} answers to each question, {chosen} was taken.{taken}"

    def native(self) -> bool:
        """Whether its answers are native texts."""
        return is_native(self.manifest)

    def steps(self, tag: str) -> dict[str, Count]:
        """The steps that the rows of one target went through."""
        steps = self.manifest.counts.steps
        return {step: count for step, count in steps.items() if step.rpartition("/")[0] in ("", tag)}

    def threshold(self, filter: str, tag: str) -> ThresholdConfig:
        """Which scores of one target's texts pass a filter."""
        return ThresholdConfig.model_validate(self.manifest.target_recipe(tag)["thresholds"][filter])

    def reproduction(self) -> Reproduction:
        """How to make it again."""
        recipe, local = portable.recipe(self.manifest.recipe, self.manifest.ingredients)
        shipped = recipe["name"] in loading.names() and recipe == self._shipped()
        return Reproduction(recipe, local, shipped)

    def _shipped(self) -> dict[str, Any]:
        """The recipe of this name that sdrrl-data comes with, for the same languages and as many seeds."""
        recipe = self.manifest.recipe
        loaded = loading.load(recipe["name"], {key: recipe[key] for key in ("src", "tgt", "limit")})
        return portable.recipe(loaded.model_dump(mode="json", by_alias=True), self.manifest.ingredients)[0]


def is_native(manifest: Manifest) -> bool:
    """Whether the answers of a run are native texts."""
    seeds = manifest.recipe["seeds"]
    return isinstance(seeds, dict) and seeds["source"] == NATIVE


def described_runs(manifests: Sequence[Manifest]) -> list[DescribedRun]:
    """The runs of these manifests, in the same order whichever of them is published now."""
    ordered = sorted(manifests, key=lambda manifest: list(manifest.counts.targets))
    return [
        DescribedRun(
            manifest, languages.find(manifest.recipe["src"]), [languages.find(tag) for tag in manifest.counts.targets]
        )
        for manifest in ordered
    ]


def title(runs: Sequence[DescribedRun]) -> str:
    """Such as "SDRRL transfer set: English to Portuguese and Thai"."""
    targets: dict[str, list[str]] = {}
    for run in runs:
        targets.setdefault(run.src.name, []).extend(target.name for target in run.targets)
    return "SDRRL transfer set: " + "; ".join(f"{src} to {join_names(names)}" for src, names in targets.items())
