from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.chat.conversations import conversation, filled
from sdrrl_data.recipe import FewShotExample, GeneratorConfig


def test_the_conversation_has_system_prompt_examples_and_question():
    own = GeneratorConfig(
        model="any", system_prompt="Be brief.", few_shot=(FewShotExample(question="1+1?", answer="2"),)
    )
    asked = [{"role": "user", "content": "2+2?"}]
    example = [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "2"}]
    system, other = ({"role": "system", "content": text} for text in ("Be brief.", "Be long."))
    assert conversation(asked, own) == [system, *example, *asked]
    assert conversation([other, *asked], own) == [other, *example, *asked]
    assert conversation(asked, GeneratorConfig(model="any")) == asked


@given(st.text(), st.text())
def test_what_stands_in_a_value_is_not_filled(source, target):
    values = {"source": source + "{target}", "target": target + "{source}"}
    assert filled("<{source}> {other} <{target}>", values) == f"<{source}{{target}}> {{other}} <{target}{{source}}>"
