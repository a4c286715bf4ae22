from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.suggestions import closest, instead, listed, path_instead

names = st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=30)


@given(st.text(max_size=12), names)
def test_only_what_is_valid_is_suggested(word, names):
    assert {*closest(word, names)} <= {*names}


@given(names.filter(bool), st.data())
def test_a_name_in_other_letters_is_found(names, data):
    name = data.draw(st.sampled_from(names))
    assert closest(name.swapcase(), names, cutoff=0.0)


def test_capitals_and_the_line_between_words_make_no_difference():
    assert closest("Transfer-Set", ["verdicts", "transfer_set"]) == ["transfer_set"]


def test_a_remedy_names_what_is_meant_or_what_there_is():
    assert instead("mim", ["min", "max", "weight"], "thresholds.length.") == "did you mean thresholds.length.min?"
    assert instead("xyz", ["min", "max", "weight"]) == "choose from min, max and weight"
    assert instead("xyz", []) == "there are none"


@given(st.lists(st.text(min_size=1, max_size=300)))
def test_a_long_list_ends_with_how_many_more_there_are(names):
    text = listed(names)
    assert len(text) <= 200 + 300 + len(" and 99 more")


def test_a_path_that_is_nearly_there(tmp_path):
    (tmp_path / "tasks.jsonl").touch()
    (tmp_path / "runs" / "first").mkdir(parents=True)
    (tmp_path / "runs" / "first" / "manifest.json").touch()
    assert path_instead(tmp_path / "task.jsonl") == f": did you mean {tmp_path / 'tasks.jsonl'}?"
    assert path_instead(tmp_path / "frist", [tmp_path / "runs"], "manifest.json") == (
        f": did you mean {tmp_path / 'runs' / 'first'}?"
    )
    assert path_instead(tmp_path / "other.jsonl") == ""
    assert path_instead("no\0path") == path_instead("~nobody/x") == path_instead("a" * 5000) == ""


def test_of_files_with_one_stem_the_nearest_ending_is_meant(tmp_path):
    for name in ("home.csv", "home.yaml", "home.txt"):
        (tmp_path / name).touch()
    assert path_instead(tmp_path / "home.cvs") == f": did you mean {tmp_path / 'home.csv'}?"
    assert path_instead(tmp_path / "hme.yml") == f": did you mean {tmp_path / 'home.yaml'}?"
