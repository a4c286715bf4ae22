"""The network that judges translations, with the packaged model's real weights."""

import math
import shutil
import struct

import numpy as np
import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.languages import find
from sdrrl_data.translation.firefox import FirefoxConfig, FirefoxTranslator
from sdrrl_data.translation.firefox_models import route
from sdrrl_data.translation.firefox_network import FirefoxNetwork

pytest.importorskip("fxtranslate")
EN, PT = find("en"), find("pt")


@pytest.fixture(scope="module")
def network():
    (model,) = route(FirefoxConfig(), EN, PT)
    return FirefoxNetwork(model)


def mean(network, *sentence):
    ((_, logarithms),) = network.log_probabilities([sentence])
    return float(np.mean(logarithms))


def test_what_the_engine_writes_is_what_the_network_finds_probable(network, flores):
    """The engine takes the most probable token each time, so no other translation may be much more probable."""
    sources, by_people = map(list, zip(*flores("en", "pt", sample=24), strict=True))
    translator = FirefoxTranslator(FirefoxConfig(), EN, PT)
    translations = [text for _, text in sorted(translator.translate(sources))]
    translator.close()
    of_engine = dict(network.log_probabilities(list(zip(sources, translations, strict=True))))
    of_people = dict(network.log_probabilities(list(zip(sources, by_people, strict=True))))
    swapped = dict(network.log_probabilities(list(zip(sources, translations[1:] + translations[:1], strict=True))))
    for number in range(24):
        assert np.mean(of_engine[number]) > np.mean(of_people[number]) > np.mean(swapped[number]) - 0.5
        assert np.mean(of_engine[number]) > np.mean(swapped[number]) + 2
    # It hardly ever took a token that has less than a third of the probability, which another must then have.
    tokens = np.concatenate([of_engine[number] for number in range(24)])
    assert (tokens < math.log(1 / 3)).mean() < 0.05


def test_golden_values(network):
    """As the same weights gave them in another implementation of the network, in torch."""
    golden = [
        (("Venous blood enters the right atrium.", "O sangue venoso entra no átrio direito."), -0.59),
        (("Venous blood enters the right atrium.", "O sangue veneno entra no átrio direito."), -3.99),
        (("A swallow eats many insects.", "Uma andorinha come muitos insetos."), -4.01),
        (("He put the turkey in the oven.", "Ele colocou o peru no forno."), -0.06),
    ]
    for number, logarithms in network.log_probabilities([sentence for sentence, _ in golden]):
        assert float(logarithms.sum()) == pytest.approx(golden[number][1], abs=0.006)


def test_other_sentences_of_a_batch_change_nothing(network, flores):
    sentences = [("Yes.", "Sim."), ("", ""), *flores("en", "pt", sample=6)]
    together = dict(network.log_probabilities(sentences))
    assert len(together) == len(sentences)
    for number, sentence in enumerate(sentences):
        ((_, alone),) = network.log_probabilities([sentence])
        assert together[number] == pytest.approx(alone, abs=1e-3)


def test_the_end_counts(network):
    source = "We saw the sea, and we were happy, because it was calm."
    whole = "Vimos o mar e ficamos felizes, porque estava calmo."
    assert mean(network, source, whole) > mean(network, source, "Vimos o mar e ficamos felizes.")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda content: content[:1000], "requires a buffer"),
        (lambda content: struct.pack("<Q", 9) + content[8:], "no file of Marian of version 1"),
        (lambda content: content.replace(b"dec-cell: ssru", b"dec-cell: lstm"), "its dec-cell is 'lstm', not 'ssru'"),
        (lambda content: content.replace(b"encoder_l1_self_Wq\0", b"encoder_l1_self_Wx\0"), "encoder_l1_self_Wq"),
    ],
)
def test_another_file_is_refused_in_a_sentence(tmp_path, change, reason):
    (model,) = route(FirefoxConfig(), EN, PT)
    folder = tmp_path / "en-pt"
    shutil.copytree(model.weights.parent, folder)
    weights = folder / model.weights.name
    weights.write_bytes(change(weights.read_bytes()))
    with pytest.raises(UserError) as raised:
        FirefoxNetwork(model._replace(weights=weights))
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_translator_of_another_network_tells_nothing(tmp_path, caplog):
    """As far as the engine goes, the file is whole: only what it says of itself is another network."""
    (model,) = route(FirefoxConfig(), EN, PT)
    shutil.copytree(model.weights.parent, tmp_path / "en-pt")
    weights = tmp_path / "en-pt" / model.weights.name
    weights.write_bytes(weights.read_bytes().replace(b"dec-cell: ssru", b"dec-cell: lstm"))
    translator = FirefoxTranslator(FirefoxConfig(models=str(tmp_path)), EN, PT)
    try:
        assert list(translator.log_probabilities([("Yes.", "Sim.")])) == []
        assert list(translator.log_probabilities([("No.", "Não.")])) == []
        assert caplog.text.count("its dec-cell is 'lstm', not 'ssru'): labels are not chosen by it") == 1
    finally:
        translator.close()
