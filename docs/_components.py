"""The pages of components, from their declarations: what each says, what it misses, its settings, what to install."""

import inspect
from collections.abc import Iterable

from docs._settings import table
from sdrrl_data.recipe.components import AlignerConfig, Component, ScorerConfig, TranslatorConfig
from sdrrl_data.recipe.declared import Declared
from sdrrl_data.recipe.engines import GeneratorEngine

BETTER = {
    "more": "more is better",
    "less": "less is better",
    "usual": "near 1 is best",
    None: "depends on the threshold",
}


def scorers() -> str:
    """The page of the scorers."""
    lines = [
        "# Scorers",
        "",
        "Each is a word in `scorers:`, or a section with settings. What cannot be had is null, and fails nothing.",
        "A threshold `NAME` holds for questions and answers, `question_NAME` or `answer_NAME` for one; `src_NAME`",
        "judges the text in the source language.",
        "",
    ]
    for kind, scorer in sorted(ScorerConfig.kinds().items()):
        lines += _head(kind, scorer)
        if declared := getattr(scorer, "scores", ()):
            lines += ["| score | what it says | what it misses | |", "|---|---|---|---|"]
            lines += [
                f"| {', '.join(f'`{column}`' for column in score.columns)} | {score.says} | {score.misses} | "
                f"{BETTER[score.better]} |"
                for score in declared
            ]
            lines.append("")
        lines += _settings(scorer)
    return _page(lines)


def translators() -> str:
    """The page of the translators."""
    lines = [
        "# Translators",
        "",
        "`translator: KIND`, `--translator KIND`, or a section with settings; several in a list.",
        "",
    ]
    for kind, translator in sorted(TranslatorConfig.kinds().items()):
        lines += [*_head(kind, translator), *_settings(translator)]
    return _page(lines)


def aligners() -> str:
    """The page of the aligners."""
    lines = ["# Word aligners", "", "`code_switching: { aligner: { kind: KIND } }`.", ""]
    for kind, aligner in sorted(AlignerConfig.kinds().items()):
        lines += [*_head(kind, aligner), *_settings(aligner)]
    return _page(lines)


def engines() -> str:
    """The page of the engines that run the generator."""
    lines = ["# Engines", "", "`generator: { engine: NAME }`; `auto` takes the first that can run on this machine.", ""]
    for name, engine in sorted(GeneratorEngine.kinds().items()):
        lines += _head(name, engine)
    return _page(lines)


def _head(kind: str, component: type[Declared]) -> list[str]:
    lines = [f"## `{kind}`", "", *(inspect.getdoc(component) or "").splitlines(), ""]
    facts = []
    if extra := getattr(component, "extra", None):
        facts.append(f"Install: `pip install 'sdrrl-data[{extra}]'`.")
    if getattr(component, "gpu", False):
        facts.append("It uses a GPU where there is one.")
    if getattr(component, "counts_only", False):
        facts.append("It only counts: no model is loaded.")
    if getattr(component, "translates_back", False):
        facts.append("It translates back with the first translator of the recipe.")
    if getattr(component, "aligns", False):
        facts.append("It uses the run's word aligner.")
    return [*lines, *([" ".join(facts), ""] if facts else [])]


def _settings(component: type[Component]) -> list[str]:
    lines = table(component, without=frozenset(["kind"]))
    return lines if len(lines) > 3 else []


def _page(lines: Iterable[str]) -> str:
    return "\n".join(lines).strip() + "\n"
