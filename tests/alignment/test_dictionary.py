import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data import alignment
from sdrrl_data.alignment.dictionary import DictionaryAligner, DictionaryConfig
from sdrrl_data.errors import UserError
from sdrrl_data.protocols import Link
from sdrrl_data.text.words import words


@pytest.fixture
def written(tmp_path):
    def write(content):
        path = tmp_path / "en-xx.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return DictionaryConfig(source=str(path))

    return write


def linked(settings, source, target):
    [links] = alignment.build(settings).align([(source.split(), target.split())])
    assert all(link.confidence == 1 for link in links)
    return [link[:2] for link in links]


@pytest.mark.parametrize(
    "content",
    ["cat gato\ndog cachorro\ndog cão\n", "\ufeffcat\tgato\r\n\r\ndog\tcachorro\r\nDOG \t Cão", "cat  gato\n dog cão "],
)
def test_words_are_linked_as_the_dictionary_says(written, content):
    assert linked(written(content), "the Dog saw a cat", "o gato viu o CÃO") == [(1, 4), (4, 1)]


def test_each_occurrence_goes_with_the_one_at_the_place_most_like_its_own(written):
    settings = written("the o\nthe a\ndog cão\nhouse casa\n")
    assert linked(settings, "the dog in the house", "o cão em a casa") == [(0, 0), (1, 1), (3, 3), (4, 4)]
    assert linked(settings, "the house", "uma coisa boa em a casa o") == [(0, 4), (1, 5)]
    assert linked(settings, "the dog saw the dog", "cão") == [(1, 0)]


def test_words_of_a_longer_entry_are_linked_together_and_first(written):
    settings = written("police\tcảnh sát\nice cream\tkem\nice\tđá\ncream\tkem\nsát\tsát\n")
    links = linked(settings, "the police ate ice cream sát", "cảnh sát ăn kem sát")
    assert links == [(1, 0), (1, 1), (3, 3), (4, 3), (5, 4)]


@pytest.mark.parametrize(
    ("entry", "source", "target", "tags"),
    [
        ("Tokyo Tower\t東京タワー", "I saw Tokyo Tower.", "東京タワーを見た。", ("en", "ja")),
        ("well-known\tมีชื่อเสียง", "a well-known man", "ชายที่มีชื่อเสียง", ("en", "th")),
        ("ﬁsh\tpeixe", "fish", "peixe", ("en", "pt")),
    ],
)
def test_an_entry_is_found_however_its_words_are_broken(written, entry, source, target, tags):
    tokens = [[text[a:b] for a, b in words(text, tag)] for text, tag in zip((source, target), tags, strict=True)]
    [links] = DictionaryAligner(written(entry)).align([tuple(tokens)])
    sides = entry.replace("ﬁ", "fi").split("\t")
    for side, linked_words in enumerate(({link.source for link in links}, {link.target for link in links})):
        assert "".join(tokens[side][i] for i in sorted(linked_words)) == sides[side].replace(" ", "").replace("-", "")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot be read (No such file or directory)"),
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("cat gato\n\ndog\n", "line 3 of"),
        ("cat\tgato\ndog\t\n", "line 2 of"),
        ("ice cream sorvete\n", "with a tab between the two sides"),
        ("cat\tgato\t0.9\n", "line 1 of"),
        ("cat gato\nção ".encode() + "cão\n".encode("latin-1"), "line 2 of"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(written, tmp_path, content, complaint):
    settings = DictionaryConfig(source=str(tmp_path / "none.txt")) if content is None else written(content)
    with pytest.raises(UserError) as error:
        alignment.build(settings)
    assert complaint in str(error.value)
    assert settings.source in str(error.value)


def test_it_is_identified_by_its_content(written, tmp_path):
    ingredient = alignment.identify(written("cat gato\n"))
    other = alignment.identify(written("cat gata\n"))
    assert (ingredient.role, ingredient.name, ingredient.licence) == ("aligner", "en-xx.txt", None)
    assert ingredient.revision != other.revision
    assert alignment.identify(written("cat gato\n")) == ingredient
    with pytest.raises(UserError, match="cannot be read"):
        alignment.identify(DictionaryConfig(source=str(tmp_path / "none.txt")))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    path = tmp_path_factory.mktemp("dictionary") / "small.txt"
    path.write_text("a\tx\na\ty z\nb c\tx\nb\ty\nc\tz\n", encoding="utf-8")
    return DictionaryAligner(DictionaryConfig(source=str(path)))


@given(st.lists(st.sampled_from("abcd"), max_size=8), st.lists(st.sampled_from("xyzw"), max_size=8))
def test_no_word_is_linked_to_two_entries(small, source, target):
    [links] = small.align([(source, target)])
    assert links == sorted(links)
    for index in range(len(source)):
        others = [target[link.target] for link in links if link.source == index]
        assert (
            " ".join(others)
            in {"a": ("", "x", "y z"), "b": ("", "x", "y"), "c": ("", "x", "z"), "d": ("",)}[source[index]]
        )
    for index in range(len(target)):
        others = "".join(source[link.source] for link in links if link.target == index)
        assert others in {"x": ("", "a", "bc"), "y": ("", "a", "b"), "z": ("", "a", "c"), "w": ("",)}[target[index]]
    assert all(isinstance(link, Link) for link in links)
