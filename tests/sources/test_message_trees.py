"""Trees grown from messages, whatever their ids are."""

from sdrrl_data.sources import message_trees


def test_a_message_without_an_id_is_not_its_own_reply():
    message = {"message_id": "", "parent_id": "", "text": "Is it true?", "role": "prompter"}
    (tree,) = message_trees.grown([message, {**message, "message_id": "a", "parent_id": "b"}])
    assert tree["replies"] == []
    assert len(list(message_trees.threads(tree))) == 1
