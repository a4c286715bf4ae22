import pytest

from sdrrl_data import alignment
from sdrrl_data.alignment import eflomal
from sdrrl_data.alignment.attention import AttentionConfig
from sdrrl_data.alignment.dictionary import DictionaryConfig
from sdrrl_data.alignment.eflomal import EflomalConfig
from sdrrl_data.alignment.hmm import HmmConfig
from sdrrl_data.errors import UserError
from sdrrl_data.translation.firefox import FirefoxConfig


@pytest.mark.parametrize("settings", [HmmConfig(), EflomalConfig()], ids=lambda config: config.kind)
def test_what_learns_from_the_run_is_no_ingredient_of_it(settings):
    assert alignment.build(settings).learns
    assert settings.learns
    assert alignment.identify(settings) is None


def test_the_translator_is_no_other_ingredient_where_its_attention_aligns():
    assert alignment.identify(AttentionConfig()) is None


def test_attention_needs_a_translator_that_has_it():
    with pytest.raises(ValueError, match="NLLB"):
        alignment.build(AttentionConfig(), (FirefoxConfig(),))


def test_a_dictionary_knows_all_it_needs(tmp_path):
    settings = DictionaryConfig(source=str(tmp_path / "words.txt"))
    (tmp_path / "words.txt").write_text("cat gato\n", encoding="utf-8")
    aligner = alignment.build(settings)
    aligner.train([(["dog"], ["cão"])])
    assert not aligner.learns
    assert not settings.learns
    assert aligner.align([(["dog"], ["cão"]), (["cat"], ["gato"])]) == [[], [(0, 0, 1.0)]]


def test_what_an_aligner_lacks_is_named(monkeypatch):
    monkeypatch.setattr(eflomal, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'sdrrl-data\[eflomal\]'"):
        alignment.identify(EflomalConfig())
