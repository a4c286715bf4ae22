"""What a run's room does with an object store: addresses, leases, and files that other processes change."""

import json
import os
import threading
import time
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data import shown
from sdrrl_data.errors import UserError
from sdrrl_data.run import Run, disk
from sdrrl_data.run import working_folder as folders
from sdrrl_data.run.leases import Leases, Times
from sdrrl_data.run.working_folder import WorkingFolder
from sdrrl_data.stores import Address, Store, address_of
from tests.support.store import forget_folders, server

QUICK = Times(renewed=0.1, stale=1.5)
ADDRESS = "s3://bucket/run"


@pytest.fixture(scope="module")
def running():
    with server() as running, patch.dict(os.environ, running.environment):
        yield running


@pytest.fixture
def nodes(running, tmp_path):
    """Working folders of several machines on one run."""
    running.empty()

    def node(name):
        (tmp_path / name).mkdir()
        return WorkingFolder(Store(address_of(ADDRESS)), tmp_path / name)

    with patch.dict(folders._open):
        yield lambda name: folders._open.setdefault(name, node(name))
    forget_folders()


@pytest.fixture
def store(running):
    return Store(address_of(ADDRESS))


def until(check, seconds=30):
    end = time.monotonic() + seconds
    while not (result := check()) and time.monotonic() < end:
        time.sleep(0.02)
    return result


PARTS = st.lists(st.text(st.characters(exclude_characters="/\0@", exclude_categories=["Cs"]), min_size=1), min_size=1)


@given(st.sampled_from(["s3", "gs", "az"]), PARTS)
def test_an_address_is_the_same_as_a_text_and_as_a_path(scheme, parts):
    if {".", ".."} & {*parts}:
        return
    address = Address(scheme, parts[0], "/".join(parts[1:]))
    assert address_of(str(address)) == address == address_of(f"{address}/") == address_of(Path(str(address)))


@pytest.mark.parametrize(
    "text", ["runs/first", "/s3:/run", "org/name", "https://host/run", "s3", "ss3://bucket", "file:/x"]
)
def test_what_is_no_address_is_none(text):
    assert address_of(text) is None


@pytest.mark.parametrize("text", ["s3://", "gs:///", "az:", "s3://key:secret@bucket/run", "s3://bucket/../other"])
def test_an_address_without_a_bucket_or_with_a_secret_is_refused(text):
    with pytest.raises(UserError, match="not the address of a place in a bucket") as error:
        address_of(text)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(("scheme", "variables"), [("gs", {}), ("az", {"AZURE_STORAGE_ACCOUNT_NAME": "mine"})])
def test_stores_of_other_clouds_open_without_a_request(scheme, variables):
    with patch.dict(os.environ, variables):
        assert str(Store(address_of(f"{scheme}://bucket/a b/run")).address) == f"{scheme}://bucket/a b/run"


def test_a_lease_has_one_holder_until_it_is_released(nodes, store):
    first, second = (nodes(name).path / "answers" / ".part-00003" for name in "ab")
    with Leases() as one, Leases() as other:
        assert one.take(first)
        assert not other.take(second)
        assert other.holder(second).pid == os.getpid()
        assert [path.name for path in other.seen(second.parents[1])] == [".part-00003"]
        one.release(first)
        assert other.holder(second) is None
        assert other.take(second)
    assert not list(store.list())


def test_a_lease_that_is_renewed_is_never_stale(nodes):
    first, second = (nodes(name).path / ".lock" for name in "ab")
    with Leases(QUICK) as one, Leases(QUICK) as other:
        assert one.take(first)
        end = time.monotonic() + 2 * QUICK.stale
        while time.monotonic() < end:
            assert not other.take(second)
        assert other.is_renewed(second)
        assert one.holds(first)


def test_one_of_many_takes_over_a_lease_that_stands_still(nodes, store):
    store.create(".leases/.lock.lease-1", json.dumps([1, "node-7", 4711, "another boot", "1"]).encode())
    place = nodes("a").path / ".lock"
    everybody = [Leases(QUICK) for _ in range(6)]
    threads = [
        threading.Thread(target=until, args=(lambda leases=leases: leases.take(place), 5)) for leases in everybody
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(leases.holds(place) for leases in everybody) == 1
    for leases in everybody:
        leases.close()
    assert not list(store.list())


def test_a_lease_that_another_process_has_rewritten_is_lost(nodes, store):
    place = nodes("a").path / ".lock"
    with Leases(QUICK) as leases:
        assert leases.take(place)
        store.write(".leases/.lock.lease-2", b"of whoever has taken it over")
        assert until(lambda: not leases.holds(place))
    assert [entry.key for entry in store.list()] == [".leases/.lock.lease-1", ".leases/.lock.lease-2"]


def test_what_one_node_writes_and_removes_another_sees(nodes, store):
    a, b = (Run(nodes(name).path) for name in "ab")
    a.write_text("notes.txt", "first")
    b.look()
    assert (b.path / "notes.txt").read_text() == "first"
    a.write_text("notes.txt", "second")
    b.look()
    assert (b.path / "notes.txt").read_text() == "second"
    disk.remove(a.path / "notes.txt")
    b.look()
    assert not (b.path / "notes.txt").exists()
    assert not list(store.list())


def test_what_is_being_made_and_what_is_of_this_machine_is_not_in_the_store(nodes, store):
    run = Run(nodes("a").path)
    for name in (
        ".push/rows.parquet",
        "pt/.transfer_set.tmp/train-00000-of-00001.parquet",
        "answers/.part-00000.journal",
    ):
        run.write_text(name, "x")
    assert not list(store.list())


def test_objects_with_the_name_of_a_folder_are_left_alone(running, nodes, store):
    for name in ("run/", "run/answers/"):
        running.ask("PUT", f"bucket/{name}", b"")
    store.write("manifest.json", b"{}")
    store.write("answers/part-00000.0123456789abcdef.parquet", b"x" * 10)
    run = Run(nodes("a").path)
    assert run.table("answers").fingerprint(0) == "0123456789abcdef"
    assert (run.path / "answers" / "part-00000.parquet").stat().st_size == 10


def test_a_bucket_of_strangers_is_not_read_whole(running, nodes, store):
    for number in range(120):
        store.write(f"{number:03}/photo.jpg", b"x")
    assert len([*nodes("a").path.rglob("*.jpg")]) == 100


def test_messages_name_the_address(nodes):
    path = nodes("a").path
    assert str(UserError(f"{path}/x is gone")) == f"{ADDRESS}/x is gone"
    assert shown.escaped_lines(f"look at {path}") == f"look at {ADDRESS}"
