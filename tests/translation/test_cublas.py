"""A GPU that CTranslate2 sees and cannot use. The libraries and CTranslate2 are real; there is no GPU."""

import shutil
from pathlib import Path

import ctranslate2
import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.languages import find
from sdrrl_data.translation import cublas
from sdrrl_data.translation.nllb import NllbConfig, NllbTranslator
from tests.translation import nllb_model

TEXTS = ["Maria likes the door.", "Our neighbour wants two chairs in Lisbon."]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "small"
    nllb_model.untrained(folder, TEXTS * 5, pieces=80)
    return folder


@pytest.fixture(autouse=True)
def one_gpu(tmp_path, monkeypatch):
    """What CTranslate2 says on a machine with a GPU; there is none."""
    if ctranslate2.get_cuda_device_count():
        pytest.skip("there is a GPU")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 1)


def load(folder, engine):
    return NllbTranslator(NllbConfig(model=str(folder), engine=engine), find("en"), find("pt"))


def test_a_library_is_there_or_the_loader_says_why_not():
    assert cublas.lacking("libc.so.6") is None
    assert "libnobody.so.12" in (cublas.lacking("libnobody.so.12") or "")


def test_a_library_is_found_in_its_package(tmp_path, monkeypatch):
    folder = tmp_path / "nvidia" / "cublas" / "lib"
    folder.mkdir(parents=True)
    libm = next(path for path in Path("/").glob("lib*/**/libm.so.6"))
    shutil.copyfile(libm, folder / "libprobe.so.12")
    assert cublas.lacking("libprobe.so.13")
    monkeypatch.syspath_prepend(tmp_path)
    assert cublas.lacking("libprobe.so.12") is None


# The library is missing; it is there, and the model cannot be loaded on the GPU.
LIBRARIES = [("libnobody.so.12", "libnobody.so.12: cannot open shared object file"), ("libc.so.6", "CUDA")]


@pytest.mark.parametrize(("library", "reason"), LIBRARIES)
def test_where_nobody_chose_an_engine_transformers_translates_and_it_is_said(
    checkpoint, monkeypatch, caplog, library, reason
):
    monkeypatch.setattr(cublas, "LIBRARY", library)
    translator = load(checkpoint, "auto")
    assert len(list(translator.translate(TEXTS))) == 2
    (sentence,) = caplog.messages
    assert reason in sentence
    assert sentence.endswith("transformers translates on cpu, more slowly")


@pytest.mark.parametrize(("library", "reason"), LIBRARIES)
def test_an_engine_that_was_chosen_is_refused_in_one_sentence(checkpoint, monkeypatch, library, reason):
    monkeypatch.setattr(cublas, "LIBRARY", library)
    with pytest.raises(
        UserError, match=r"pip install nvidia-cublas-cu12, or set translator\.engine to transformers"
    ) as error:
        load(checkpoint, "ctranslate2")
    assert reason in str(error.value)


def test_the_engine_in_the_manifest_is_the_one_that_will_translate(checkpoint, monkeypatch):
    monkeypatch.setattr(cublas, "LIBRARY", "libnobody.so.12")
    config = NllbConfig(model=str(checkpoint))
    assert config.identify(find("en"), find("pt")).engine.startswith("transformers ")
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 0)
    assert config.identify(find("en"), find("pt")).engine.startswith("ctranslate2 ")
