"""The Hub: there, not there, who is logged in, what is in its cache."""

from tests.support import hub

PROGRAM = """
import json
from sdrrl_data.doctor import hub

for check in hub.checks():
    print(json.dumps(check))
"""
FETCH = """
from huggingface_hub import snapshot_download
snapshot_download("ann/model")
"""


def checks(variables):
    return {name: rest for name, *rest in hub.run(PROGRAM, variables)}


def test_who_is_logged_in_and_what_is_in_the_cache(tmp_path):
    with hub.serving() as served:
        served.user("ann's", "ann")
        served.add("models/ann/model", {"config.json": b"{}", "README.md": b"# A model"})
        assert checks(served.environment(tmp_path))["cache"] == ["ok", "empty", None]
        hub.run(FETCH, served.environment(tmp_path, "ann's"))
        nobody, ann, wrong = (checks(served.environment(tmp_path, token)) for token in (None, "ann's", "wrong"))
        assert nobody["Hub"] == ["ok", f"{served.endpoint} can be reached", None]
    assert nobody["login"] == ["missing", "nobody is logged in: no push, no gated models", "hf auth login"]
    assert ann["login"] == ["ok", "ann", None]
    assert wrong["login"][0] == "broken"
    assert ann["cache"][1].startswith("1 models and 0 datasets, 0.0 GB: ann/model (")


def test_without_the_hub(tmp_path):
    gone = checks(hub.environment(hub.NOWHERE, tmp_path))
    assert gone["Hub"][:2] == ["broken", f"{hub.NOWHERE} cannot be reached"]
    assert "login" not in gone
    assert checks(hub.offline(tmp_path))["Hub"][0] == "ok"
