"""Datasets read from a small Hub, and then offline: each reader has its own process, because the Hub's client reads its
settings when it is imported."""

import json

import pytest

from tests.support import hub

# Each line of the input is something to read; what is printed are the rows, or what was raised.
READ = """
import itertools, json, sys
from sdrrl_data.errors import UserError
from sdrrl_data.languages import find
from sdrrl_data.models.hub import HubRequest
from sdrrl_data.recipe import ParallelConfig, SeedsConfig
from sdrrl_data.sources import hub_rows, row_sources, text_sets
from sdrrl_data.steps import parallel_rows, seeds
from sdrrl_data.training import rows

def seed(limit=None, **settings):
    part = seeds.read([SeedsConfig(**settings)], limit)
    return part.rows["source"].to_list(), [turns[-1]["content"] for turns in part.rows["messages"].to_list()]

def pairs(**settings):
    part = parallel_rows.read(ParallelConfig(**settings), find("en"), find("pt"))
    return part.rows["source"].to_list(), part.rows.select("src", "tgt").rows()

def texts(source):
    text_set = text_sets.find(source, "test set")
    rows = [(place, row["question"]) for place, row in text_sets.rows(text_set, text_sets.held_out)]
    return text_set.revision, text_set.licence, rows

def train(dataset, **options):
    dataset_rows = rows.find(dataset, **options)
    prompts = [turns[-1]["content"] for turns in dataset_rows.table["prompt"].to_list()]
    return dataset_rows.revision, dataset_rows.licence, dataset_rows.config, prompts

for kind, settings in json.loads(sys.argv[1]):
    try:
        print(json.dumps({"seeds": seed, "pairs": pairs, "texts": texts, "train": train}[kind](**settings)))
    except UserError as error:
        print(json.dumps([type(error).__name__, str(error)]))
"""


def questions(word, count=6):
    return [{"question": f"{word} {number}?"} for number in range(count)]


def turns(word):
    def row(number):
        return {
            "prompt": [{"role": "user", "content": f"{word} {number}?"}],
            "completion": [{"role": "assistant", "content": "So."}],
        }

    return [row(number) for number in range(3)]


def read(variables, *wishes):
    return hub.run(READ, variables, json.dumps(wishes))


def push(served, key, files, **about):
    """Put a dataset on the Hub, or a new commit of it; returns the commit."""
    if key not in served.repos:
        return served.add(key, files, **about).find("main")
    repo = served.repos[key]
    tree = {path: hub.File(content) for path, content in files.items()}
    return repo.commit("refs/heads/main", repo.find("main"), "another commit", tree).sha


def pairs_of(count):
    return [{"en": f"Line {number}.", "pt": f"Linha {number}."} for number in range(count)]


WISHES = [
    ("seeds", {"source": "org/tasks"}),
    ("seeds", {"source": "org/long", "config": "b", "limit": 3}),
    ("pairs", {"source": "org/pairs", "config": "en-pt", "limit": 4}),
    ("texts", {"source": "org/tests:one"}),
    ("train", {"dataset": "org/set", "config": "pt"}),
]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """What is read from the Hub, when it does not answer, and with a client that is offline."""
    home = tmp_path_factory.mktemp("home")
    with hub.serving() as served:
        served.add("datasets/org/tasks", {"README.md": b"", "train.jsonl": hub.jsonl(questions("Why"))})
        served.add("datasets/org/long", hub.dataset("mit", {c: {"train": questions(c)} for c in "ab"}))
        served.add("datasets/org/pairs", hub.dataset("mit", {"en-pt": {"train": pairs_of(9)}}))
        splits = {"train": questions("No"), "dev": questions("Dev", 2), "test": questions("Test", 1)}
        served.add("datasets/org/tests", hub.dataset("mit", {"one": splits, "two": {}}))
        served.add("datasets/org/set", hub.dataset("cc0-1.0", {t: {"train": turns(t)} for t in ("pt", "vi")}))
        online = read(served.environment(home), *WISHES)
        stopped = hub.environment(served.endpoint, home)
    return online, read(stopped, *WISHES), read(hub.offline(home), *WISHES), home


def test_what_the_hub_has_is_read(both):
    seeds, few, pairs, texts, train = both[0]
    assert seeds[1] == [row["question"] for row in questions("Why")]
    assert few[1] == ["b 0?", "b 1?", "b 2?"]
    assert pairs[1] == [[f"Line {number}.", f"Linha {number}."] for number in range(4)]
    assert texts[1:] == ["mit", [["dev:1", "Dev 0?"], ["dev:2", "Dev 1?"], ["test:1", "Test 0?"]]]
    assert train[1:] == ["cc0-1.0", "pt", ["pt 0?", "pt 1?", "pt 2?"]]


def test_what_was_read_is_read_again_without_the_hub(both):
    online, stopped, offline, _ = both
    assert stopped == offline == online


def test_what_was_not_fetched_is_said_in_one_sentence(both):
    *_, home = both
    wishes = [
        ("seeds", {"source": "org/long", "config": "b", "limit": 5}),
        ("seeds", {"source": "org/long", "config": "a", "limit": 1}),
        ("seeds", {"source": "org/tasks", "split": "test"}),
        ("seeds", {"source": "org/tasks", "revision": "v1"}),
        ("pairs", {"source": "org/none"}),
        ("texts", {"source": "org/tests:two"}),
        ("train", {"dataset": "org/set", "config": "vi"}),
        ("train", {"dataset": "org/none"}),
    ]
    results = read(hub.offline(home), *wishes)
    assert [kind for kind, _ in results] == ["HubUnavailable"] * len(wishes)
    assert results[0][1] == (
        "seeds org/long: the Hugging Face Hub cannot be reached, and only these rows were fetched before: "
        "use fewer, or give a local file with --seeds"
    )
    assert all("is not in the cache and the Hugging Face Hub cannot be reached: " in line for _, line in results[1:])
    roles = [sentence.partition(" org/")[0] for _, sentence in results]
    assert roles == [*["seeds"] * 4, "parallel", "test set", "dataset", "dataset"]
    assert results[4][1].endswith("with --set parallel=null (HF_HUB_OFFLINE is set)")
    assert "is not in the cache and the Hugging Face Hub cannot be reached: give a run" in results[7][1]


FETCH = """
import json
from huggingface_hub import snapshot_download
for name, patterns in (("org/whole", None), ("org/part", ["README.md", "one/train.jsonl"])):
    snapshot_download(name, repo_type="dataset", allow_patterns=patterns)
"""


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    """Datasets of which two commits were read and a third was only found, or all files fetched by the Hub's client.

    They are fetched from a mirror of the Hub, into a cache in another place.
    """
    home = tmp_path_factory.mktemp("home")
    cache = {"HF_HUB_CACHE": str(tmp_path_factory.mktemp("elsewhere"))}
    with hub.serving() as served:

        def stand(word):
            files = hub.dataset("mit", {"one": {"train": turns(word)}, "two": {"train": turns("two")}})
            tasks = {".gitattributes": b"", "train.jsonl": hub.jsonl(questions(word, 2))}
            return push(served, "datasets/org/set", files), push(served, "datasets/org/tasks", tasks)

        variables = hub.environment(served.mirror, home) | cache
        served.add("datasets/org/whole", hub.dataset("mit", {"one": {"train": turns("whole"), "test": turns("test")}}))
        served.add("datasets/org/part", hub.dataset("mit", {"one": {"train": turns("part"), "test": turns("test")}}))
        commits = [stand("old")]
        for key, commit in zip(("org/set", "org/tasks"), commits[0], strict=True):
            served.repos[f"datasets/{key}"].refs["refs/tags/v1"] = commit
        wishes = [("train", {"dataset": "org/set", "config": "one"}), ("seeds", {"source": "org/tasks"})]
        read(variables, *[(kind, settings | {"revision": "v1"}) for kind, settings in wishes])
        commits.append(stand("new"))
        read(variables, *wishes)
        commits.append(stand("latest"))
        read(
            variables,
            ("seeds", {"source": "org/tasks", "split": "none"}),
            ("train", {"dataset": "org/set", "config": "none"}),
        )
        hub.run(FETCH, variables)
        served.add("datasets/org/script", {"README.md": b"", "script.py": b"raise SystemExit", "train.jsonl": b"{}"})
        served.add("datasets/org/broken", {"README.md": b"", "train.jsonl": b'{"question": "Why?"}\n{'})
        wishes = [("seeds", {"source": f"org/{name}"}) for name in ("script", "broken")]
        refused = read(variables, *wishes, ("texts", {"source": "org/broken"}))
    return commits, hub.offline(home) | cache, refused


def test_a_dataset_that_cannot_be_read_is_refused_and_none_is_run(moved):
    script, streamed, loaded = moved[2]
    unreadable = "the dataset cannot be read from the Hugging Face Hub: check its name, config, split and revision, or "
    assert [kind for kind, _ in moved[2]] == ["UserError"] * 3
    assert script[1].startswith(
        f"seeds org/script: {unreadable}give a local file with --seeds (RuntimeError: Dataset scr"
    )
    assert streamed[1].startswith(
        f"seeds org/broken: {unreadable}give a local file with --seeds (ArrowInvalid: JSON pars"
    )
    assert loaded[1].startswith(
        f"test set org/broken: {unreadable}give a local file, or take it out of the recipe (Arrow"
    )


def test_without_the_hub_it_is_the_commit_that_is_asked_for_or_the_last_that_was_fetched(moved):
    ((old_set, old_tasks), (new_set, new_tasks), (latest_set, latest_tasks)), variables, _ = moved
    train, seeds = {"dataset": "org/set", "config": "one"}, {"source": "org/tasks"}
    wishes = [
        (train, {}),
        (train, {"revision": old_set}),
        (train, {"revision": "v1"}),
        (train, {"revision": latest_set}),
    ]
    wishes += [(seeds, {}), (seeds, {"revision": old_tasks}), (seeds, {"revision": "v1"})]
    wishes += [(seeds, {"revision": latest_tasks})]
    results = read(variables, *[("train" if wish is train else "seeds", wish | more) for wish, more in wishes])
    for result, commit, word in zip(results[:3], (new_set, old_set, old_set), ("new", "old", "old"), strict=True):
        assert result == [commit, "mit", "one", [f"{word} {number}?" for number in range(3)]]
    for result, commit, word in zip(
        results[4:7], (new_tasks, old_tasks, old_tasks), ("new", "old", "old"), strict=True
    ):
        assert result == [[f"org/tasks@{commit}:{n}" for n in (1, 2)], [f"{word} {number}?" for number in range(2)]]
    assert [results[3][0], results[7][0]] == ["HubUnavailable"] * 2


def test_what_the_hubs_client_has_fetched_is_read_if_it_is_all_there_is(moved):
    _, variables, _ = moved
    train, seeds, part, streamed = read(
        variables,
        ("train", {"dataset": "org/whole"}),
        ("seeds", {"source": "org/whole", "config": "one", "split": "test", "fields": {"messages": "prompt"}}),
        ("train", {"dataset": "org/part"}),
        ("seeds", {"source": "org/part", "config": "one"}),
    )
    assert sorted(train[3]) == sorted(f"{word} {number}?" for word in ("whole", "test") for number in range(3))
    assert seeds[1] == ["test 0?", "test 1?", "test 2?"]
    assert [part[0], streamed[0]] == ["HubUnavailable"] * 2


def test_a_dataset_reads_no_file_but_its_own(tmp_path):
    """A card may name any path, and a file of another dataset, which this user's token may open."""
    secret = tmp_path / "private.jsonl"
    secret.write_text('{"question": "Where is the key?"}\n')
    with hub.serving() as served:
        served.add("datasets/ann/private", {"train.jsonl": hub.jsonl(questions("Secret"))})
        places = {
            "absolute": secret,
            "upwards": f"../../../../../../..{secret}",
            "other": "hf://datasets/ann/private/train.jsonl",
        }
        for name, place in places.items():
            card = f"---\nconfigs:\n- config_name: default\n  data_files: {place}\n---\n"
            served.add(f"datasets/eve/{name}", {"README.md": card.encode(), "train.jsonl": hub.jsonl(questions("Why"))})
        folder = f"---\nconfigs:\n- config_name: default\n  data_dir: {tmp_path}\n  data_files: private.jsonl\n---\n"
        served.add("datasets/eve/folder", {"README.md": folder.encode(), "train.jsonl": hub.jsonl(questions("Why"))})
        names = [*places, "folder"]
        wishes = [("seeds", {"source": f"eve/{name}"}) for name in names]
        wishes += [("texts", {"source": f"eve/{name}"}) for name in names]
        results = read(served.environment(tmp_path / "home"), *wishes)
    assert [kind for kind, _ in results] == ["UserError"] * len(wishes)
    assert all("key" not in sentence and "Secret" not in sentence for _, sentence in results)
