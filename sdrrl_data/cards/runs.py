"""The runs that a card speaks of: what their manifests say."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sdrrl_data import languages
from sdrrl_data.cards import portable
from sdrrl_data.cards.markdown import listed
from sdrrl_data.languages import Language
from sdrrl_data.recipe import BoundsConfig, ThresholdConfig, loading, of_source
from sdrrl_data.run import Count, Manifest


class Again(NamedTuple):
    """How a run is made again."""

    recipe: dict[str, Any]  # as it may leave the machine
    local: list[str]  # what has to lie beside the recipe
    shipped: bool  # whether sdrrl-data brings this very recipe


class Made(NamedTuple):
    """A run as the card speaks of it: what its manifest says."""

    manifest: Manifest
    src: Language
    targets: list[Language]

    def named(self, role: str) -> list[str]:
        """The names of its ingredients of one role."""
        return list(dict.fromkeys(part.name for part in self.manifest.ingredients if part.role == role))

    def tags(self) -> str:
        """Its targets as the configs are called."""
        return ", ".join(own.tag for own in self.targets)

    def about(self) -> str:
        """What its rows are made of, in a sentence of plain text."""
        asked = "written and answered" if self.named("seeds") == ["magpie"] else "answered"
        return (
            f"Questions in {self.src.name}, {asked} by {listed(self.named('generator'))}; questions and answers are "
            f"translated into {listed([own.name for own in self.targets])} by {listed(self.named('translator'))}."
        )

    def steps(self, tag: str) -> dict[str, Count]:
        """The steps that the rows of one target went through."""
        steps = self.manifest.counts.steps
        return {step: count for step, count in steps.items() if step.rpartition("/")[0] in ("", tag)}

    def bounds(self, filter: str, tag: str) -> BoundsConfig:
        """What a filter keeps of the texts of one target."""
        threshold = ThresholdConfig.model_validate(self.manifest.recipe["thresholds"][filter])
        return threshold.within(self.src.tag if of_source(filter) else tag)

    def again(self) -> Again:
        """How it is made again."""
        recipe, local = portable.recipe(self.manifest.recipe, self.manifest.ingredients)
        shipped = recipe["name"] in loading.names() and recipe == self._shipped()
        return Again(recipe, local, shipped)

    def _shipped(self) -> dict[str, Any]:
        """The recipe of this name that sdrrl-data brings, for the same languages and as many seeds."""
        recipe = self.manifest.recipe
        loaded = loading.load(recipe["name"], {key: recipe[key] for key in ("src", "tgt", "limit")})
        return portable.recipe(loaded.model_dump(mode="json", by_alias=True), self.manifest.ingredients)[0]


def made(manifests: Sequence[Manifest]) -> list[Made]:
    """The runs in an order that does not hang on which of them is published now."""
    ordered = sorted(manifests, key=lambda manifest: list(manifest.counts.targets))
    return [
        Made(own, languages.find(own.recipe["src"]), [languages.find(tag) for tag in own.counts.targets])
        for own in ordered
    ]


def title(runs: Sequence[Made]) -> str:
    """Such as "SDRRL transfer set: English to Portuguese and Thai"."""
    targets: dict[str, list[str]] = {}
    for run in runs:
        targets.setdefault(run.src.name, []).extend(own.name for own in run.targets)
    return "SDRRL transfer set: " + "; ".join(f"{src} to {listed(names)}" for src, names in targets.items())
