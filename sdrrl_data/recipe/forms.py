"""The one form of a recipe: short forms and those of earlier versions are brought into it."""

from collections.abc import Collection
from copy import deepcopy
from typing import Any

from sdrrl_data import languages
from sdrrl_data.errors import RecipeError
from sdrrl_data.recipe.components import TranslatorConfig
from sdrrl_data.recipe.generators import SamplingConfig
from sdrrl_data.recipe.scorers import of_both_texts, of_source, shipped_scores
from sdrrl_data.recipe.seeds import NATIVE, WORDS
from sdrrl_data.recipe.targets import TargetConfig
from sdrrl_data.suggestions import instead

# What a generator is asked, and how it writes: not which model it is, nor how it is run.
OF_ANSWERS = {*SamplingConfig.model_fields, "system_prompt", "few_shot", "date", "max_model_len"}
_NATIVE = f"{NATIVE}:"  # before the name of a file or dataset with texts of the target language


def bring_into_form(content: dict[str, Any]) -> None:
    """Bring a recipe, or a layer over it, into the form that is validated, as far as nothing else has to be known.

    A single source of seeds, translator or target becomes a list, the models of a list of generators the generator and
    others, a word for a component a section, the name of a
    language its tag, and a lone bound the only end of its threshold that it can be. What an earlier version wrote as
    `thresholds.SCORE.languages.TAG` becomes `targets.TAG.thresholds.SCORE`.

    Args:
        content: as it is written; it is changed.

    Raises:
        RecipeError: there is no such language or translator, or something is said twice.
    """
    if "seeds" in content:
        content["seeds"] = _seeds(content["seeds"])
    if isinstance(content.get("generator"), list) and content["generator"]:
        content["generator"], *content["other_generators"] = content["generator"]
    if isinstance(content.get("scorers"), list):
        content["scorers"] = [{"kind": item} if isinstance(item, str) else item for item in content["scorers"]]
    if isinstance(content.get("targets"), dict):
        content["targets"] = _by_tag(content["targets"], "targets")
    if isinstance(content.get("tgt"), str):
        content["tgt"] = [name.strip() for name in content["tgt"].split(",") if name.strip()]
    _move_bounds_of_targets(content)
    for section in (content, *_sections(content.get("targets")).values()):
        if isinstance(section.get("thresholds"), dict):
            section["thresholds"] = {name: _bounds(name, value) for name, value in section["thresholds"].items()}
        if "translator" in section:
            section["translator"] = _translators(section["translator"])
        if isinstance(section.get("prompts"), dict):
            section["prompts"] = _by_tag(section["prompts"], "prompts")
        for tag, prompts in _sections(section.get("prompts")).items():
            if isinstance(prompts.get("names"), dict):
                prompts["names"] = _by_tag(prompts["names"], f"prompts.{tag}.names")


def complete(content: dict[str, Any]) -> None:
    """Bring what is left into its form, when nothing will be laid over a recipe any more.

    Other generators are asked as the first is, where they say nothing else. Without `tgt`, the languages of `targets`
    are the targets. A target's translator without a kind is completed by that for all targets, and a translator by the
    defaults that depend on its model.

    Args:
        content: the recipe, as `bring_into_form` left it; it is changed.

    Raises:
        RecipeError: there is no such language, or a section cannot differ between targets.
    """
    targets = content.get("targets")
    if isinstance(targets, dict):
        content["targets"] = {tag: {} if target is None else target for tag, target in targets.items()}
        content.setdefault("tgt", list(targets))
    if isinstance(content.get("tgt"), list) and all(isinstance(name, str) for name in content["tgt"]):
        content["tgt"] = list(dict.fromkeys(languages.find(name).tag for name in content["tgt"]))
    _choose_bounds_of_source(content)
    generator, others = content.get("generator"), content.get("other_generators")
    if isinstance(generator, dict) and isinstance(others, list):
        asked = {key: value for key, value in generator.items() if key in OF_ANSWERS}
        content["other_generators"] = [asked | item if isinstance(item, dict) else item for item in others]
    for_all = content.get("translator")
    for tag, target in _sections(content.get("targets")).items():
        if unknown := [name for name in target if name not in TargetConfig.model_fields]:
            raise RecipeError(
                f"targets.{tag}.{unknown[0]} is no key that can differ between targets: "
                f"{instead(unknown[0], TargetConfig.model_fields, f'targets.{tag}.')}"
            )
        if isinstance(for_all, list) and len(for_all) == 1 and isinstance(target.get("translator"), list):
            target["translator"] = [_completed(item, for_all[0]) for item in target["translator"]]
        for section in (
            target,
            *_sections({name: target.get(name) for name in ("thresholds", "code_switching")}).values(),
        ):
            for name in [name for name, value in section.items() if value is None]:
                del section[name]
    for section in (content, *_sections(targets).values()):
        if isinstance(section.get("translator"), list):
            section["translator"] = [_with_defaults(item, content.get("generator")) for item in section["translator"]]


def bring_up_to_date(content: dict[str, Any]) -> None:
    """Bring the recipe of a manifest, which has no short forms, from the form of an earlier version into this one's.

    Args:
        content: the recipe; it is changed.
    """
    _move_bounds_of_targets(content)
    _choose_bounds_of_source(content)


def normal_change(key: str, value: Any) -> tuple[str, Any]:
    """A change by a dotted key, with a language's tag in the place of its name, and a lone bound by its own key.

    `targets.Thai.translator` becomes `targets.th.translator`, and 0.8 for `thresholds.similarity` becomes 0.8 for
    `thresholds.similarity.min`: its other values stay.
    """
    first, *rest = key.split(".")
    if first in ("targets", "prompts") and rest:
        rest[0] = languages.find(rest[0]).tag
    if [first, *rest][-2:-1] == ["thresholds"] and _bounds(rest[-1], value) is not value:
        [(bound, value)] = _bounds(rest[-1], value).items()
        rest.append(bound)
    return ".".join([first, *rest]), value


def refuse_without_effect(content: dict[str, Any], keys: Collection[str]) -> None:
    """Refuse changes of a recipe that no target would notice.

    Args:
        content: the complete recipe, with the changes.
        keys: the changed keys, as `normal_change` returns them.

    Raises:
        RecipeError: a change is for a language that is no target, or every target has a value of its own.
    """
    tags, targets = content["tgt"], _sections(content.get("targets"))
    of_targets = [key for key in keys if key.partition(".")[0] == "targets"]
    for key in of_targets:
        tag = key.split(".")[1] if "." in key else tags[0]
        if tag not in tags:
            raise RecipeError(f"{key}: {tag} is not a target: name it with --tgt {','.join([*tags, tag])}")
    for key in keys if targets and not of_targets else ():
        if all(_replaces(targets.get(tag, {}), key) for tag in tags):
            raise RecipeError(f"{key}: every target has its own: change targets.{tags[0]}.{key}")


def _replaces(section: dict[str, Any], key: str) -> bool:
    """Whether what a section says of a target replaces the value of this key."""
    value: Any = section
    for name in key.split("."):
        if not isinstance(value, dict):
            return True
        if name not in value:
            return False
        value = value[name]
    return not isinstance(value, dict)


def _by_tag(sections: dict[Any, Any], key: str) -> dict[str, Any]:
    """Sections by the tags of languages, which may be written by any name."""
    names: dict[str, str] = {}
    for name in sections:
        if not isinstance(name, str):
            raise RecipeError(f"{key}: {name!r} is not the name of a language: put the name in quotation marks")
        tag = languages.find(name).tag
        if tag in names:
            raise RecipeError(f"{key}: {names[tag]} and {name} are the same language: put what they say together")
        names[tag] = name
    return {tag: deepcopy(sections[name]) for tag, name in names.items()}  # YAML's aliases are one object


def _seeds(seeds: Any) -> Any:
    """The sources of seeds as a list; "magpie" and native texts are a section.

    Raises:
        RecipeError: native texts and questions stand side by side.
    """
    if isinstance(seeds, dict) and seeds.get("source") in WORDS:
        if isinstance(texts := seeds.get("texts"), str | dict):
            return seeds | {"texts": [{"source": texts} if isinstance(texts, str) else texts]}
        return seeds
    sources = [seeds] if isinstance(seeds, dict) else seeds
    if not isinstance(sources, list):
        return seeds
    native = [str(item.get("source")).startswith(_NATIVE) for item in sources if isinstance(item, dict)]
    if not any(native):
        return sources
    if not all(native) or len(native) < len(sources):
        raise RecipeError(
            f"seeds: questions and native texts cannot be in one run: put {_NATIVE} before each source, or before none"
        )
    return {"source": NATIVE, "texts": [item | {"source": item["source"].removeprefix(_NATIVE)} for item in sources]}


def _sections(value: Any) -> dict[str, dict[str, Any]]:
    return {name: item for name, item in value.items() if isinstance(item, dict)} if isinstance(value, dict) else {}


def _move_bounds_of_targets(content: dict[str, Any]) -> None:
    """Bounds for texts in a target language belong to the target."""
    for score, threshold in _sections(content.get("thresholds")).items():
        if of_source(score) or not isinstance(threshold.get("languages"), dict):
            continue
        content["thresholds"][score] = {key: value for key, value in threshold.items() if key != "languages"}
        for tag, bounds in _by_tag(threshold["languages"], f"thresholds.{score}.languages").items():
            target = content.setdefault("targets", {}).setdefault(tag, {})
            thresholds = target.setdefault("thresholds", {})
            if score in thresholds:
                raise RecipeError(
                    f"thresholds.{score}.languages.{tag} and targets.{tag}.thresholds.{score} say the same: keep the "
                    "second one"
                )
            # They replaced both bounds.
            thresholds[score] = {"min": None, "max": None} | bounds if isinstance(bounds, dict) else bounds


def _choose_bounds_of_source(content: dict[str, Any]) -> None:
    """A threshold for texts in the source language needs only the bounds for this language."""
    for score, threshold in _sections(content.get("thresholds")).items():
        if "src" in content and of_source(score) and isinstance(threshold.get("languages"), dict):
            by_tag = _by_tag(threshold["languages"], f"thresholds.{score}.languages")
            bounds = by_tag.get(languages.find(str(content["src"])).tag) if by_tag else None
            others = {key: value for key, value in threshold.items() if key != "languages"}
            replaced = {"min": None, "max": None} | bounds if isinstance(bounds, dict) else {}
            content["thresholds"][score] = others | replaced


def _bounds(score: str, value: Any) -> Any:
    """A lone bound of a score as a threshold, where only one of its ends can be meant; any other value as it is."""
    if isinstance(value, bool) or not (isinstance(value, int | float) or (isinstance(value, str) and "%" in value)):
        return value
    declared = shipped_scores().get(score) or shipped_scores().get(of_both_texts(score))
    bound = {"more": "min", "less": "max"}.get(str(declared.better)) if declared else None
    return {bound: value} if bound else value


def _completed(translator: Any, for_all: Any) -> Any:
    """A translator with the settings of another one, if it has no kind; another model has another revision."""
    if not isinstance(translator, dict) or not isinstance(for_all, dict) or "kind" in translator:
        return translator
    kept = {key: value for key, value in for_all.items() if key != "revision" or "model" not in translator}
    return kept | translator


def _with_defaults(translator: Any, generator: Any) -> Any:
    """A translator with those defaults that depend on a model."""
    kind = translator.get("kind") if isinstance(translator, dict) else None
    known = TranslatorConfig.loaded(kind) if isinstance(kind, str) else None
    return known.completed(translator, generator) if known and isinstance(generator, dict) else translator


def _translators(value: Any) -> Any:
    translators = [value] if isinstance(value, dict | str) else value
    if not isinstance(translators, list):
        return value
    return [_translator(item) if isinstance(item, str) else item for item in translators]


def _translator(word: str) -> dict[str, str]:
    """A translator as one word: "nllb" or "nllb:MODEL", or the user's: "module:Class" or "module:Class:MODEL"."""
    kind, colon, model = word.partition(":")
    if colon and kind not in TranslatorConfig.kinds():
        name, colon, model = model.partition(":")
        kind = f"{kind}:{name}"
    key, _ = TranslatorConfig.named(kind).argument or (None, None)
    if not colon:
        return {"kind": kind}
    if not (key and model):
        words = TranslatorConfig.declared_words()
        raise RecipeError(f"there is no translator {word!r}: {instead(word, words)}")
    return {"kind": kind, key: model}
