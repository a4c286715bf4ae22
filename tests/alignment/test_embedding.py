"""The embedding aligner, with small encoders for which a cipher of English is the same language in other letters.

Their weights are random, but the embeddings of three letters and of their ciphered twins are nearly the same. So it is
known which words belong together.
"""

import math
import random
import shutil
import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sdrrl_data import recipe
from sdrrl_data.alignment.embedding import EmbeddingAligner, EmbeddingConfig
from sdrrl_data.alignment.subwords import symmetrised, tokenized
from sdrrl_data.errors import UserError
from tests.translation import nllb_model

ARCHITECTURES = ("Bert", "XLMRoberta")
CIPHER = str.maketrans(string.ascii_lowercase, "абвгдежзийклмнопрстуфхцчшщ")
LAYERS, ROOM = 2, 70  # tokens of the longest input
SURE = recipe.CodeSwitchingConfig().min_confidence


def build(folder, words, architecture):
    """Save a model whose subwords have three letters, or fewer at the end of a word."""
    import torch
    import transformers
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    special = ["[CLS]", "[PAD]", "[SEP]", "[UNK]"]
    english = sorted({word[start : start + 3] for word in words for start in range(0, len(word), 3)})
    letters = [*english, *(piece.translate(CIPHER) for piece in english)]
    ids = {piece: number for number, piece in enumerate([*special, *letters, *(f"##{piece}" for piece in letters)])}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 0), ("[SEP]", 2)]
    )
    roles = {f"{token.strip('[]').lower()}_token": token for token in special}
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **roles).save_pretrained(folder)

    torch.manual_seed(0)
    config = getattr(transformers, f"{architecture}Config")(
        vocab_size=len(ids),
        num_hidden_layers=LAYERS,
        hidden_size=64,
        num_attention_heads=4,
        intermediate_size=64,
        pad_token_id=1,
        max_position_embeddings=ROOM + (2 if architecture == "XLMRoberta" else 0),  # it counts from 2 on
    )
    model = getattr(transformers, f"{architecture}Model")(config)
    once = torch.randn(len(english), 64)
    twins = once + 0.3 * torch.randn(len(english), 64)
    table = torch.cat([torch.randn(len(special), 64), once, twins, once, twins])
    model.embeddings.word_embeddings.weight.data = table
    model.save_pretrained(folder)


@pytest.fixture(scope="module")
def sentences(real_texts):
    """The words of English sentences that are written in plain letters, each once."""
    lines = (real_texts / "flores-dev" / "en.txt").read_text(encoding="utf-8").lower().splitlines()[:100]
    return [list(dict.fromkeys(word for word in line.split() if word.isascii() and word.isalpha())) for line in lines]


@pytest.fixture(scope="module", params=ARCHITECTURES)
def folder(request, sentences, tmp_path_factory):
    path = tmp_path_factory.mktemp(request.param)
    build(path, {word for words in sentences for word in words}, request.param)
    return path


@pytest.fixture(scope="module")
def aligner(folder):
    return load(folder)


def load(folder, layer=LAYERS):
    return EmbeddingAligner(EmbeddingConfig(model=str(folder), layer=layer))


def ciphered(sentences):
    """Each word in other letters; some words are moved, left out and added."""
    drawn = random.Random(0)
    pairs, gold = [], []
    for source in sentences:
        target, links = [], set()
        kept_words = [i for i in range(len(source)) if drawn.random() > 0.1]
        for i in sorted(kept_words, key=lambda i: i + drawn.uniform(0, 4)):
            if drawn.random() < 0.1:
                target.append(drawn.choice(drawn.choice(sentences)).translate(CIPHER))
            links.add((i, len(target)))
            target.append(source[i].translate(CIPHER))
        pairs.append((source, target))
        gold.append(links)
    return pairs, gold


def test_sure_links_are_right_on_a_ciphered_text(aligner, sentences):
    pairs, gold = ciphered(sentences)
    confident_links = [
        (number, i, j)
        for number, links in enumerate(aligner.align(pairs))
        for i, j, confidence in links
        if confidence >= SURE
    ]
    right = sum((i, j) in gold[number] for number, i, j in confident_links)
    assert right / len(confident_links) >= 0.98
    assert right / sum(map(len, gold)) >= 0.9


def test_a_pair_is_aligned_alike_in_whatever_company(aligner, sentences):
    pairs, _ = ciphered(sentences)
    together = aligner.align(pairs)
    assert sum(map(len, together)) > 1000
    for pair, links in zip(pairs[:20], together, strict=False):
        [alone] = aligner.align([pair])
        assert [link[:2] for link in alone] == [link[:2] for link in links]
        assert [link.confidence for link in alone] == pytest.approx([link.confidence for link in links], abs=1e-3)


def test_words_beyond_the_longest_input_get_no_links(aligner, sentences):
    words = list(dict.fromkeys(word for sentence in sentences for word in sentence))[:100]
    begins = [sum(math.ceil(len(word) / 3) for word in words[:number]) for number in range(100)]
    fitting = sum(begin < ROOM - 2 for begin in begins)  # but for two special tokens
    [links] = aligner.align([(words, [word.translate(CIPHER) for word in words])])
    assert 0.9 * fitting < len(links)
    assert max(max(i, j) for i, j, _ in links) == fitting - 1


@pytest.mark.parametrize("pair", [([], []), (["the"], []), ([], ["узф"]), (["\u200d"], ["узф"]), (["the"], ["\u200d"])])
def test_where_there_are_no_words_there_are_no_links(aligner, pair):
    assert aligner.align([pair, (["the"], ["the"])])[0] == []
    assert aligner.align([]) == []


def test_what_looks_like_a_special_token_is_a_word(aligner):
    [sentence] = tokenized(aligner._tokenizer, [["the", "[SEP]", "[PAD]"]], ROOM)
    assert sentence.ids.count(aligner._tokenizer.sep_token_id) == 1
    assert aligner._tokenizer.pad_token_id not in sentence.ids
    assert {None, 0, 1, 2} == set(sentence.words)


def test_it_learns_nothing(folder, tmp_path):
    aligner = load(folder)
    assert not aligner.learns
    pair = (["the", "and"], ["and".translate(CIPHER), "the".translate(CIPHER)])
    before = aligner.align([pair])
    aligner.train([(["the"], ["and".translate(CIPHER)])] * 10)
    aligner.save(tmp_path)
    aligner.load(tmp_path)
    assert (aligner.align([pair]), list(tmp_path.iterdir())) == (before, [])


def test_a_layer_that_is_not_there_is_named(folder):
    with pytest.raises(UserError, match=r"has 2 layers: set code_switching\.aligner\.layer to one of them, not to 3"):
        load(folder, layer=3)


def test_an_encoder_with_a_decoder_is_refused(tmp_path):
    nllb_model.untrained(tmp_path, ["The door is red."] * 20, pieces=40)
    with pytest.raises(UserError, match="has a decoder"):
        load(tmp_path, layer=1)


def test_a_checkpoint_with_a_head_and_no_pooler_is_loaded_without_a_word(folder, tmp_path, capfd):
    from transformers import AutoModelForMaskedLM

    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    AutoModelForMaskedLM.from_pretrained(folder).save_pretrained(tmp_path)
    pair = (["the", "and"], ["and".translate(CIPHER), "the".translate(CIPHER)])
    expected = load(folder).align([pair])
    capfd.readouterr()
    assert load(tmp_path).align([pair]) == expected
    assert capfd.readouterr() == ("", "")


def test_weights_of_another_architecture_are_refused(folder, tmp_path):
    from safetensors.torch import load_file, save_file

    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    weights = load_file(tmp_path / "model.safetensors")
    renamed = {name.replace("attention", "mixing"): tensor for name, tensor in weights.items()}
    save_file(renamed, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match=r"has no weights for encoder\.layer"):
        load(tmp_path)


def test_it_is_identified_by_its_files(folder):
    ingredient = EmbeddingConfig(model=str(folder)).identify()
    assert (ingredient.role, ingredient.name, ingredient.licence) == ("aligner", folder.name, None)
    assert ingredient.engine.startswith("transformers ")


def test_a_directory_without_a_model_is_named(tmp_path):
    with pytest.raises(UserError, match=r"aligner .* has no config\.json"):
        EmbeddingConfig(model=str(tmp_path)).identify()


shares = st.tuples(st.integers(1, 6), st.integers(1, 6)).flatmap(
    lambda shape: st.tuples(*[arrays(np.float32, shape, elements=st.floats(1 / 16, 1, width=16))] * 2)
)


@given(shares)
def test_links_are_maxima_of_both_directions_and_what_is_firm_beside_them(drawn):
    forward = drawn[0] / drawn[0].sum(axis=1, keepdims=True)
    backward = drawn[1] / drawn[1].sum(axis=0)
    links = symmetrised(forward, backward)
    linked_pairs = {link[:2] for link in links}
    assert [link[:2] for link in links] == sorted(linked_pairs)
    assert all(0 <= link.confidence <= 1 for link in links)
    for i, j in np.ndindex(forward.shape):
        best = forward[i, j] == forward[i].max() and backward[i, j] == backward[:, j].max()
        firm = forward[i, j] > 0.5 or backward[i, j] > 0.5
        beside = linked_pairs & {(i, j - 1), (i, j + 1), (i - 1, j), (i + 1, j)}
        assert ((i, j) in linked_pairs) == bool(best or (firm and beside))


CRISIS = np.array([[0.5, 0.4, 0.1], [0.1, 0.2, 0.7]])  # "crisis", "rages"; "khủng", "hoảng", "hoành"


@pytest.mark.parametrize("turned", [False, True])
def test_a_word_can_have_two_counterparts_which_share_its_probability(turned):
    forward, backward = CRISIS, np.array([[0.9, 0.6, 0.2], [0.1, 0.4, 0.8]])
    links = symmetrised(backward.T, forward.T) if turned else symmetrised(forward, backward)
    confidences = {link[:2][::-1] if turned else link[:2]: link.confidence for link in links}
    expected = {(0, 0): (0.9 * 0.9) ** 0.5, (0, 1): (0.9 * 0.6) ** 0.5, (1, 2): (0.7 * 0.8) ** 0.5}
    assert confidences == pytest.approx(expected)


def test_what_is_not_firm_is_not_taken_along():
    links = symmetrised(CRISIS, np.array([[0.9, 0.5, 0.2], [0.1, 0.5, 0.8]]))
    assert [link[:2] for link in links] == [(0, 0), (1, 2)]
