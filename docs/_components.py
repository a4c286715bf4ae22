"""The pages of components, from their declarations: what each says and misses, licence, cost, settings."""

import inspect
from collections.abc import Iterable, Iterator

from pydantic import ValidationError

from docs._settings import table
from sdrrl_data.cards import licences
from sdrrl_data.languages import find
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe.components import AlignerConfig, Component, ScorerConfig, TranslatorConfig
from sdrrl_data.recipe.declared import Declared
from sdrrl_data.recipe.engines import GeneratorEngine

BETTER = {
    "more": "more is better",
    "less": "less is better",
    "usual": "near 1 is best",
    None: "depends on the threshold",
}
# Base class -> its folder, the heading of its page, and what stands below that.
ROOMS: dict[type[Component], tuple[str, str, str]] = {
    ScorerConfig: (
        "scorers",
        "Scorers",
        "Each is a word in `scorers:`, or a section with settings. What cannot be had is null, and fails nothing.\n"
        "A threshold `NAME` holds for questions and answers, `question_NAME` or `answer_NAME` for one; `src_NAME`\n"
        "judges the text in the source language.",
    ),
    TranslatorConfig: (
        "translators",
        "Translators",
        "`translator: KIND`, `--translator KIND`, or a section with settings; several in a list.",
    ),
    AlignerConfig: ("aligners", "Word aligners", "`code_switching: { aligner: { kind: KIND } }`."),
}
GENERATOR = Ingredient("generator", "the generator of the recipe", None, None)


def pages() -> dict[str, str]:
    """A page for each scorer, translator and aligner, and a page for each sort that names all of them."""
    written = {}
    for base, (folder, heading, about) in ROOMS.items():
        kinds = sorted(base.kinds().items())
        rows = [f"| [`{kind}`]({folder}/{kind}.md) | {_first(component)} |" for kind, component in kinds]
        tree = ["```{toctree}", ":hidden:", "", *(f"{folder}/{kind}" for kind, _ in kinds), "```"]
        written[f"{folder}.md"] = _page([f"# {heading}", "", about, "", "| | |", "|---|---|", *rows, "", *tree])
        written |= {f"{folder}/{kind}.md": _page(_component(kind, component)) for kind, component in kinds}
    return written


def engines() -> str:
    """The page of the engines that run the generator."""
    lines = ["# Engines", "", "`generator: { engine: NAME }`; `auto` takes the first that can run on this machine.", ""]
    for name, engine in sorted(GeneratorEngine.kinds().items()):
        lines += [f"## `{name}`", "", *_about(engine), ""]
    return _page(lines)


def _component(kind: str, component: type[Component]) -> Iterator[str]:
    yield from [f"# `{kind}`", "", *_about(component), ""]
    if declared := getattr(component, "scores", ()):
        yield from ["## Scores", "", "| score | what it says | what it misses | no value | |", "|---|---|---|---|---|"]
        for score in declared:
            columns = ", ".join(f"`{column}`" for column in score.columns)
            yield f"| {columns} | {score.says} | {score.misses} | {score.unscored} | {BETTER[score.better]} |"
        yield ""
    if named := list(_licences(component)):
        yield from ["## What it uses", "", "| | licence |", "|---|---|", *named, ""]
    settings = table(component, without=frozenset(["kind"]))
    if len(settings) > 3:
        yield from ["## Settings", "", *settings]


def _about(component: type[Declared]) -> list[str]:
    """Its docstring, and what it costs."""
    facts = []
    if extra := getattr(component, "extra", None):
        facts.append(f"Install: `pip install 'sdrrl-data[{extra}]'`.")
    if getattr(component, "gpu", False):
        facts.append("It uses a GPU where there is one.")
    if getattr(component, "counts_only", False):
        facts.append("It only counts: no model is loaded.")
    if getattr(component, "translates_back", False):
        facts.append("It translates back with the first translator of the recipe.")
    if getattr(component, "uses_generator", False):
        facts.append("It asks the generator.")
    if getattr(component, "aligns", False):
        facts.append("It uses the run's word aligner.")
    return [*(inspect.getdoc(component) or "").splitlines(), *(["", " ".join(facts)] if facts else [])]


def _first(component: type[Component]) -> str:
    return (inspect.getdoc(component) or "").split("\n\n")[0].replace("\n", " ")


def _licences(component: type[Component]) -> Iterator[str]:
    """A row for each model and list that it uses by default."""
    for part in _ingredients(component):
        known = ", ".join(licences.of(part))
        yield f"| {part.name} | {'its own' if part == GENERATOR else known or 'as its page says'} |"


def _ingredients(component: type[Component]) -> list[Ingredient]:
    field = component.model_fields.get("model")
    if field and isinstance(field.default, str) and not field.default.startswith("package:"):
        # Not looked up: what the page says must not depend on what somebody has fetched.
        return [Ingredient(component.role, field.default, None, None)]
    try:
        settings = component()
    except ValidationError:  # it uses what the user names
        return []
    match settings:
        case ScorerConfig():
            return [GENERATOR if part.name == GENERATOR.name else part for part in settings.identify(_generator)]
        case TranslatorConfig():
            part = settings.identify(find("en"), find("pt"), _generator)
            return [GENERATOR if part.name == GENERATOR.name else part]
        case _:
            return []


def _generator(settings: object) -> Ingredient:
    return GENERATOR


def _page(lines: Iterable[str]) -> str:
    return "\n".join(lines).strip() + "\n"
