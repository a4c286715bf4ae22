import io

import pytest

from sdrrl_data import recipe
from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language, find
from sdrrl_data.translation.nllb import NllbTranslator, _batches, identify

TEXT = ["the cat sat on the mat", "o gato sentou no tapete", "a dog runs fast", "um cachorro corre"]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A tiny model of NLLB's architecture with its real tokenizer class; its weights are random."""
    import sentencepiece
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizer
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

    folder = tmp_path_factory.mktemp("nllb")
    pieces = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT * 50),
        model_writer=pieces,
        vocab_size=80,
        model_type="bpe",
        hard_vocab_limit=False,
        minloglevel=2,
    )
    (folder / "sentencepiece.bpe.model").write_bytes(pieces.getvalue())
    tokenizer = NllbTokenizer.from_pretrained(folder, extra_special_tokens=FAIRSEQ_LANGUAGE_CODES)
    torch.manual_seed(1)
    config = M2M100Config(
        vocab_size=len(tokenizer),
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.eos_token_id,
    )
    M2M100ForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def translate(checkpoint, sentences, **settings):
    translator = NllbTranslator(recipe.Nllb(model=str(checkpoint), beams=2, **settings), find("en"), find("vi"))
    return translator.translate(sentences, lambda _: None)


def test_every_sentence_gets_its_own_translation_whatever_the_batches(checkpoint):
    sentences = ["the cat", "a dog runs fast the cat sat on the mat", "cat", "a dog"]
    together = translate(checkpoint, sentences)
    assert len(together) == 4
    assert together == [translate(checkpoint, [sentence])[0] for sentence in sentences]
    assert together == translate(checkpoint, sentences, batch_tokens=1)


def test_the_target_language_is_forced(checkpoint):
    translator = NllbTranslator(recipe.Nllb(model=str(checkpoint)), find("en"), find("vi"))
    assert translator._tokenizer.convert_ids_to_tokens(translator._target) == "vie_Latn"
    assert translator._tokenizer.convert_ids_to_tokens(translator._tokenizer("cat")["input_ids"])[0] == "eng_Latn"


def test_an_unknown_code_is_refused(checkpoint):
    klingon = Language(tag="tlh", flores="tlh_Latn", fasttext=None, name="Klingon")
    with pytest.raises(UserError, match=r"does not know Klingon \(tlh_Latn\)"):
        NllbTranslator(recipe.Nllb(model=str(checkpoint)), find("en"), klingon)


def test_a_directory_is_identified_by_its_files(checkpoint, tmp_path):
    ingredient = identify(recipe.Nllb(model=str(checkpoint)), find("en"), find("vi"))
    assert (ingredient.role, ingredient.name, ingredient.licence) == ("translator", checkpoint.name, None)
    with pytest.raises(UserError, match=r"has no config\.json"):
        identify(recipe.Nllb(model=str(tmp_path)), find("en"), find("vi"))


def test_a_language_of_flores_that_nllb_lacks_is_refused_before_anything_is_loaded(checkpoint):
    with pytest.raises(UserError, match=r"does not know .*\(min_Arab\)"):
        identify(recipe.Nllb(model=str(checkpoint)), find("en"), find("min_Arab"))


def test_batches_hold_their_budget_and_every_index_once():
    lengths = [3, 50, 7, 7, 12, 1, 30]
    batches = list(_batches(lengths, 40))
    assert sorted(i for batch in batches for i in batch) == list(range(7))
    assert all(len(batch) == 1 or max(lengths[i] for i in batch) * len(batch) <= 40 for batch in batches)
    assert batches[0] == [1]
