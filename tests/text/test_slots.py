import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.text.protected import protected
from sdrrl_data.text.slots import inside, is_slot, slots

SLOTS = [
    *("[Your Name]", "[Desired Outcome or Impact]", "[Client's Name]", "[Insert style, e.g., animated, etc.]"),
    *("[Your Name/Company Name]", "[Date]", "[name]", "[Verse 1]", "[Product A]", "[city, state, ZIP code]"),
    *("[YOUR NAME]", "[citation needed]", "[Prénom]", "[请填写姓名]", "[1st place]"),
    *("{name of the city}", "{bid amount}", "{Year published}", "{money earned in millions in USD}"),
    *("<your name>", "<a short description>", "<title of the book>", "<USER NAME>"),
    *("{{Recipient Name}}", "{{ name of your pet }}"),
]
NO_SLOTS = [
    *("[0]", "[12]", "[x]", "[ ]", "[X]", "[a]", "[]", "[1, 2, 3]", "[b][c]", "[MASK]", "[INST]", "[T]he", "[you]"),
    *('["a", "b"]', "[a-z]", "[user_id]", "[tool.ruff]", "[userName]", "[alo]", "[ˈvjɔːla]", "[pino nwaʁ]"),
    *("[the book](a.md)", "[the book][ref]", "![a cat](b.png)", "[^1]", "[[Page Name]]", "a[the index]"),
    *("{city_name}", "{name}", "{}", "{0}", "{user.name}", "{{name}}", "{{ user.name }}", "${HOME}", "{a: b;}"),
    *("{{formatDate date}}", "{{#if user}}", "{{else if x}}", "{{ user | upper }}", "{ return x }", "\\frac{a b}{c d}"),
    *("<USER_ID>", "<name>", "<x>", "<br>", "<a href=x>", "<b and c>", "</b>", "<input disabled>", "vector<int x>"),
    *("[One sentence. And another one]", "[one\nof two lines]"),
]


def slot_texts(text):
    """The slots outside protected spans, as they are in a sentence."""
    spans = protected(text, 0, len(text))
    return [text[start:end] for start, end in slots(text) if not any(a < end and start < b for a, b in spans)]


@pytest.mark.parametrize("slot", SLOTS)
def test_words_in_brackets_are_a_slot(slot):
    assert is_slot(slot)
    assert slot_texts(f"See {slot}, please.") == [slot]
    start, end = inside(f"See {slot}", 4, 4 + len(slot))
    assert f"See {slot}"[start:end] == slot.strip("[]{}<> ")


@pytest.mark.parametrize("text", NO_SLOTS)
def test_names_of_machines_links_and_numbers_are_no_slots(text):
    assert slot_texts(f"See {text} here.") == []


@given(st.lists(st.sampled_from([*"[]{}<> \n.|`", "Your", " name", "one", "_", "12"])).map("".join))
def test_slots_are_apart_and_have_words(text):
    position = 0
    for start, end in slots(text):
        assert position <= start
        first, last = inside(text, start, end)
        assert start < first < last < end
        assert text[start:first].strip("[{< ") == text[last:end].strip("]}> ") == ""
        position = end
