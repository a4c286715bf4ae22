"""What a chat template does with a conversation, learned from a small one."""

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any, NamedTuple, get_args

from sdrrl_data.chat import thinking
from sdrrl_data.chat.messages import (
    ConversationRefused,
    ReasoningForm,
    TemplateMessage,
    fold_system,
    in_parts,
    take_reasoning,
)
from sdrrl_data.errors import UserError
from sdrrl_data.protocols import Message

# Placeholders for the texts of a conversation: letters only, so that no template changes them.
SYSTEM, USER, ASSISTANT = "sdrrlsystemsdrrl", "sdrrlusersdrrl", "sdrrlassistantsdrrl"
REASONING, NEXT = "sdrrlreasoningsdrrl", "sdrrlnextsdrrl"
QUESTION: Message = {"role": "user", "content": USER}
ANSWER: Message = {"role": "assistant", "content": ASSISTANT}
REASONED: Message = {"role": "assistant", "content": f"<think>\n{REASONING}\n</think>\n\n{ASSISTANT}"}
PARTS_SHOWN = ("'type'", '"type"')  # found in a text that prints a list of parts as a list

Render = Callable[[Sequence[TemplateMessage], bool], str]
"""The text of messages; True: up to where the assistant begins. Raises ConversationRefused."""


class Texts(NamedTuple):
    """An answered conversation as a template renders it."""

    prompt: str
    completion: str  # directly follows the prompt
    reasoning_lost: bool  # the answer has a reasoning section that the template leaves out


class Shape(NamedTuple):
    """How a template renders conversations."""

    render: Render
    markers: Sequence[thinking.Pair]  # of the model's reasoning sections
    as_parts: bool = False  # the content of a message has to be a list of parts, not a text
    knows_system: bool = True  # system messages appear in the text
    prompt_end: str = ""  # the end of a prompt that is gone once there is an answer: "<think>\n" of DeepSeek-R1
    reasoning_form: ReasoningForm = "in the content"
    lead: str = ""  # the text between a prompt and an answer
    after: str = ""  # the text behind an answer
    surplus: str = ""  # the text behind that, which already begins the next turn

    def text(self, messages: Sequence[TemplateMessage], prompt: bool = False) -> str:
        """The text of messages.

        Args:
            messages: of a conversation.
            prompt: whether the text ends where the assistant begins.

        Raises:
            ConversationRefused: the template refuses them, or has no place for a system text.
        """
        taken = list(messages) if self.knows_system else fold_system(messages)
        return self.render(in_parts(taken) if self.as_parts else taken, prompt)

    def texts(self, asked: Sequence[Message], answered: Sequence[Message]) -> Texts:
        """The text of what is asked, and that of the turns that answer it.

        Raises:
            ConversationRefused: the template refuses them, or renders the question differently once it is answered.
        """
        *between, answer = answered
        taken, reasoning = take_reasoning(answer, self.reasoning_form, self.markers)
        prompt = self.text(asked, prompt=True)
        whole = self.text([*asked, *between, taken]).removesuffix(self.surplus)
        completion = self._behind(prompt, whole, reasoning)
        return Texts(prompt, completion, reasoning is not None and self.reasoning_form == "nowhere")

    def _behind(self, prompt: str, whole: str, reasoning: str | None) -> str:
        """The text that follows a prompt in the answered conversation.

        If the prompt opens a reasoning section that the answered conversation lacks, it is closed before the answer.
        """
        if whole.startswith(prompt):
            return whole[len(prompt) :]
        shared = prompt.removesuffix(self.prompt_end)
        if not self.prompt_end or not whole.startswith(shared):
            raise ConversationRefused("it changes the prompt once the answer is there")
        rest = whole[len(shared) :]
        pair = opened(self.prompt_end, self.markers)
        if pair is None:
            return rest.lstrip() if self.prompt_end[-1].isspace() else rest
        start, end = pair
        body = rest.lstrip()
        if body.startswith(end):
            return rest
        if body.startswith(start):
            body = body.removeprefix(start)
            return body.lstrip() if self.prompt_end[-1].isspace() else body
        return f"{reasoning}\n{end}\n\n{body}" if reasoning else f"\n{end}\n\n{rest}"


def examine(render: Render, model: str, markers: Sequence[thinking.Pair], marks: Sequence[str]) -> Shape:
    """Render a small conversation in several forms, and find one in which nothing is missing.

    Args:
        render: the template.
        model: what it is the template of, for the error's sentence.
        markers: of its reasoning sections.
        marks: the texts of the tokens that a template may mark turns with.

    Raises:
        UserError: the question or the answer is not in the text, or the answered conversation does not begin with the
            prompt.
    """
    shape = Shape(render, markers)
    problem = _problem(shape)
    if problem and not _problem(shape._replace(as_parts=True)):
        shape, problem = shape._replace(as_parts=True), ""
    if problem:
        raise UserError(f"the chat template of {model} {problem}")
    prompt_end = _prompt_end(shape.text([QUESTION], prompt=True), shape.text([QUESTION, ANSWER]), markers)
    if prompt_end is None:
        raise UserError(
            f"the chat template of {model} does not begin an answered conversation with the text of its prompt: "
            "choose another model, or correct the template"
        )
    shape = shape._replace(prompt_end=prompt_end)
    shape = shape._replace(knows_system=_knows_system(shape))
    lead, _, after = shape.texts([QUESTION], [ANSWER]).completion.partition(ASSISTANT)
    surplus = _surplus(shape, after, marks)
    shape = shape._replace(lead=lead, after=after.removesuffix(surplus), surplus=surplus)
    return shape._replace(reasoning_form=_reasoning_form(shape))


def opened(prompt: str, markers: Sequence[thinking.Pair]) -> thinking.Pair | None:
    """The reasoning section that the end of a prompt opens."""
    return next((pair for pair in markers if prompt.rstrip().endswith(pair[0])), None)


def common_length(first: Sequence[Any], second: Sequence[Any]) -> int:
    """The length of the common beginning of two texts or lists."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))


def _problem(shape: Shape) -> str:
    """What is wrong with how the template renders a question and its answer; empty if nothing is."""
    try:
        prompt, whole = shape.text([QUESTION], prompt=True), shape.text([QUESTION, ANSWER])
    except ConversationRefused as error:
        return f"refuses a plain question and answer: {error}"
    if shape.as_parts and any(sign in whole for sign in PARTS_SHOWN):
        return "takes no list of parts"
    if USER not in prompt:
        return "leaves out the question"
    return "" if ASSISTANT in whole else "leaves out the answer"


def _knows_system(shape: Shape) -> bool:
    """Whether a system message appears in the text, and stays there once there is an answer.

    Some templates refuse it, some leave it out, and those of Mistral put it into the last turn if that is the user's.
    """
    try:
        prompt = shape.texts([{"role": "system", "content": SYSTEM}, QUESTION], [ANSWER]).prompt
    except ConversationRefused:
        return False
    return SYSTEM in prompt and USER in prompt


def _surplus(shape: Shape, after: str, marks: Sequence[str]) -> str:
    """The part of the text behind an answer that begins the next turn: some templates always end with one."""
    user_turn = shape.text([QUESTION])
    if user_turn != shape.text([QUESTION], prompt=True):
        return ""
    following: Message = {"role": "user", "content": NEXT}
    try:
        separator = shape.text([QUESTION, ANSWER, following]).partition(ASSISTANT)[2].partition(NEXT)[0]
    except ConversationRefused:
        return ""
    if separator.startswith(after):
        return ""
    begin = user_turn.partition(USER)[0]
    opening = min((mark for mark in marks if mark in begin), key=begin.index, default=None)
    if opening and opening in after:
        return after[after.index(opening) :]
    # What differs is the name of the next speaker: "### Response:" and "### Instruction:".
    alike = after[: common_length(after, separator)]
    lines, words = alike.rpartition("\n"), alike.rstrip().rpartition(" ")
    return after[len("".join((lines if lines[1] else words)[:2])) :]


def _prompt_end(prompt: str, whole: str, markers: Sequence[thinking.Pair]) -> str | None:
    """The end of the prompt that the answered conversation lacks; None if the two have too little in common.

    White space may differ, one of them may have a reasoning section, and the prompt may have more text at its end.
    """
    if whole.startswith(prompt):
        return ""
    shared = min(common_length(prompt, whole), whole.index(ASSISTANT))
    texts = tuple(text for pair in markers for text in pair)
    for text in texts:  # which must not be cut in two
        place = prompt.rfind(text)
        if 0 <= place < shared < place + len(text):
            shared = place
    end, rest = prompt[shared:], whole[shared:]
    alike = not end.strip() or end.lstrip().startswith(texts) or rest.lstrip().startswith(ASSISTANT)
    return end if USER in prompt[:shared] and alike else None


def _reasoning_form(shape: Shape) -> ReasoningForm:
    """The first form of an answer from which its reasoning can be read again."""
    prompt = shape.text([QUESTION], prompt=True)
    if prompt.rstrip().endswith(tuple(end for _, end in shape.markers)):
        return "nowhere"  # the prompt has closed the section already
    pair = opened(prompt, shape.markers)
    for form in get_args(ReasoningForm):
        try:
            completion = shape._replace(reasoning_form=form).texts([QUESTION], [REASONED]).completion
        except ConversationRefused:
            continue
        reasoning, text = thinking.split(completion, [pair] if pair else shape.markers, inside=pair is not None)
        if reasoning == REASONING and text.startswith(ASSISTANT):
            return form  # type: ignore[no-any-return]
    return "nowhere"
