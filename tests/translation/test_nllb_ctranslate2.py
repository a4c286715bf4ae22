"""Converting NLLB's weights, once for each model."""

import json
import shutil
import subprocess
import sys

import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.languages import find
from sdrrl_data.models.locating import locate
from sdrrl_data.translation.nllb import NllbConfig, NllbTranslator
from sdrrl_data.translation.seq2seq_ctranslate2 import _converted
from tests.support import hub
from tests.translation import nllb_model

TEXTS = ["Maria likes the door.", "Our neighbour wants two chairs in Lisbon."]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "small"
    nllb_model.untrained(folder, TEXTS * 5, pieces=80)
    return folder


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "sdrrl-data" / "models"


def load(folder):
    return NllbTranslator(NllbConfig(model=str(folder), engine="ctranslate2"), find("en"), find("pt"))


def test_a_model_is_converted_once(checkpoint, cache, capsys):
    load(checkpoint)
    (weights,) = cache.glob("small--*--int8/model.bin")
    converted_at = weights.stat().st_mtime_ns
    load(checkpoint)
    assert [path.stat().st_mtime_ns for path in cache.glob("*--int8/model.bin")] == [converted_at]
    assert capsys.readouterr().out == ""


def test_other_weights_are_converted_anew_even_where_files_keep_their_names_and_sizes(checkpoint, cache, tmp_path):
    from transformers import M2M100ForConditionalGeneration

    folder = tmp_path / "small"
    shutil.copytree(checkpoint, folder)
    load(folder)
    model = M2M100ForConditionalGeneration.from_pretrained(folder)
    model.model.shared.weight.data.mul_(-1)
    model.save_pretrained(folder)
    load(folder)
    first, second = (path.read_bytes() for path in cache.glob("small--*--int8/model.bin"))
    assert first != second


def test_for_a_gpu_the_weights_are_converted_to_half_precision(checkpoint, cache):
    import ctranslate2

    located = locate(str(checkpoint), None, "translator", "--translator nllb:DIR")
    float16, float32 = (_converted(located, "m2m_100", kind) for kind in ("float16", "float32"))
    sizes = [(folder / "model.bin").stat().st_size for folder in (float16, float32)]
    assert sizes[0] == pytest.approx(sizes[1] / 2, rel=0.1)
    # On a CPU, float16 becomes float32 again when the weights are loaded.
    assert ctranslate2.Translator(str(float16), compute_type="float32").model_is_loaded


def test_a_kind_that_ctranslate2_cannot_run_is_named(checkpoint, tmp_path):
    folder = tmp_path / "sparse"
    shutil.copytree(checkpoint, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "nllb-moe"}))
    with pytest.raises(UserError, match=r"cannot run a model of the kind nllb-moe.*translator\.engine to transformers"):
        load(folder)


FILL = """
import resource, sys
sys.dont_write_bytecode = True  # Python would keep a module's file that the limit has cut
from sdrrl_data.errors import Stopped
from sdrrl_data.languages import find
from sdrrl_data.translation.nllb import NllbConfig, NllbTranslator

resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    NllbTranslator(NllbConfig(model=sys.argv[1], engine="ctranslate2"), find("en"), find("pt"))
except Stopped as error:
    print(error)
"""


def test_no_room_for_the_converted_model_is_said_in_one_sentence(checkpoint, cache):
    done = subprocess.run([sys.executable, "-c", FILL, checkpoint], capture_output=True, text=True, timeout=120)
    assert done.stdout.startswith(str(cache / "small--")), done.stderr
    assert "cannot be written (File too large)" in done.stdout
    assert not list(cache.glob("*--int8"))


FROM_HUB = """
from sdrrl_data.languages import find
from sdrrl_data.translation.nllb import NllbConfig, NllbTranslator

translator = NllbTranslator(NllbConfig(model="org/small", engine="ctranslate2"), find("en"), find("pt"))
print(len(list(translator.translate(["Maria likes the door."]))))
"""


def test_a_model_of_the_hub_is_fetched_at_its_commit_and_without_pickles(checkpoint, cache, tmp_path):
    with hub.serving() as served:
        files = hub.files_of(checkpoint) | {"pytorch_model.bin": b"a pickle, which nobody should ask for"}
        served.add("models/org/small", files, sha="c" * 40)
        # In a separate process, because the Hub's client reads its settings when it is imported.
        assert served.run(FROM_HUB, tmp_path / "hub") == [1]
    assert [path.name for path in cache.glob("*--int8")] == [f"org--small--{'c' * 40}--int8"]
    requested_files = {line.path.rpartition("/")[2] for line in served.asked("GET", "/resolve/")}
    assert {"config.json", "model.safetensors", "sentencepiece.bpe.model", "tokenizer.json"} <= requested_files
    assert "pytorch_model.bin" not in requested_files
