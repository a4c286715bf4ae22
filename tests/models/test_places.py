from pathlib import Path

import pytest

from sdrrl_data.models.places import HubName, place_of


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("org/name", HubName("org/name")),
        ("org/name.v1", HubName("org/name.v1")),
        ("org/name:config", HubName("org/name", "config")),
        ("org/name:en-pt:x", HubName("org/name", "en-pt:x")),
        ("org/rows.JSONL", Path("org/rows.JSONL")),
        ("/org/name", Path("/org/name")),
        ("./org", Path("org")),
        ("../org", Path("../org")),
        ("~nobody-here/name", Path("~nobody-here/name")),
        ("there/is", Path("there/is")),
        ("file", Path("file")),
        ("", None),
        ("name", None),
        ("org/name/more", None),
        ("org/name:", None),
        ("org/a name", None),
        ("x" * 5000, None),
        ("nul\0/byte", None),
    ],
)
def test_what_a_string_names(tmp_path, monkeypatch, text, place):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there" / "is").mkdir(parents=True)
    (tmp_path / "file").write_text("")
    assert place_of(text, (".jsonl",)) == place


def test_a_path_in_the_users_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert place_of("~/models/small") == tmp_path / "models" / "small"
