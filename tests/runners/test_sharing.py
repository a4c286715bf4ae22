"""Parts are handed out once, and those of a node that has died go elsewhere, a few times."""

import pytest

from sdrrl_data.errors import EngineFailed
from sdrrl_data.runners.sharing import TRIES, Sharing


def handed_out(sharing, *nodes):
    """What nodes get that write each part at once."""
    got = {node: [] for node in nodes}
    while not sharing.is_over():
        for node in nodes:
            if (part := sharing.next_for(node, nodes)) is not None:
                got[node].append(part)
                sharing.written(node, part)
    return got


def test_each_part_is_handed_out_once():
    got = handed_out(Sharing("answers", range(7)), "a", "b")
    assert sorted([*got["a"], *got["b"]]) == [0, 1, 2, 3, 4, 5, 6]
    assert got["a"]
    assert got["b"]


def test_parts_are_taken_only_as_they_are_wanted():
    taken = []
    sharing = Sharing("answers", (taken.append(part) or part for part in range(100)))
    assert [sharing.next_for("a"), sharing.next_for("b")] == [0, 1]
    assert len(taken) == 2


def test_parts_of_a_dead_node_are_given_alone_and_elsewhere():
    sharing = Sharing("answers", range(6))
    assert [sharing.next_for("a"), sharing.next_for("a"), sharing.next_for("b")] == [0, 1, 2]
    sharing.died("a")
    assert sharing.next_for("a", ["b"]) == 3  # it has begun again, and 0 and 1 are for the other
    assert sharing.next_for("b", ["a"]) == 4  # it has another one in hand
    for part in (2, 4):
        sharing.written("b", part)
    assert sharing.next_for("b", ["a"]) == 0
    assert sharing.is_alone("b")
    assert sharing.next_for("b", ["a"]) is None
    sharing.written("b", 0)
    assert sharing.next_for("b", ["a"]) == 1


def test_the_only_node_gets_its_parts_again():
    sharing = Sharing("answers", range(2))
    assert sharing.next_for("a") == 0
    sharing.died("a")
    assert sharing.next_for("a", []) == 0


def test_a_part_that_always_ends_its_process_ends_the_run_by_its_name():
    sharing = Sharing("answers", range(6))
    others = ["a", "b", "c"]
    for node in others[: TRIES - 1]:
        while (part := sharing.next_for(node, others)) != 5 and part is not None:
            sharing.written(node, part)
        assert part == 5
        sharing.died(node)
    assert sharing.next_for("c", others) == 5
    with pytest.raises(EngineFailed, match=r"part 5 of answers .* 3 times \(a, b, c\)"):
        sharing.died("c")


def test_all_others_are_made_before_a_deadly_part_ends_the_run():
    sharing, nodes, written = Sharing("answers", range(12)), ["a", "b"], []

    def turn(node):
        while sharing.next_for(node, nodes) is not None:
            pass
        if 7 in sharing.has(node):
            sharing.died(node)
        for part in list(sharing.has(node)):
            sharing.written(node, part)
            written.append(part)

    def make_all():
        while not sharing.is_over():
            for node in nodes:
                turn(node)

    with pytest.raises(EngineFailed, match="part 7 of"):
        make_all()
    assert sorted(written) == sorted({*range(12)} - {7})


def test_parts_in_order_are_made_by_one_node_at_a_time_and_stay_in_order():
    sharing = Sharing("seeds", range(4), ordered=True)
    assert [sharing.next_for("a"), sharing.next_for("b"), sharing.next_for("a")] == [0, None, 1]
    sharing.written("a", 0)
    sharing.died("a")
    assert [sharing.next_for("b"), sharing.next_for("b"), sharing.next_for("a")] == [1, 2, None]


def test_the_last_try_of_a_part_waits_for_what_others_have_in_hand():
    sharing = Sharing("answers", range(2))
    assert [sharing.next_for("a"), sharing.next_for("b")] == [0, 1]
    for _ in range(TRIES - 1):
        sharing.died("a")
        last = sharing.next_for("a")
    assert last is None
    sharing.written("b", 1)
    assert sharing.next_for("a") == 0
    with pytest.raises(EngineFailed, match="part 0 of answers"):
        sharing.died("a")
