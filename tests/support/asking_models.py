"""The small models with a generator that writes questions for native texts."""

import dataclasses
import re
from typing import Any

from sdrrl_data.protocols import Completion, Request
from sdrrl_data.steps.model_pool import Models
from tests.support import small_models


class Asking(small_models.Answering):
    """Asks about the last words of what it is shown; of some texts, as if the text were there, or not at all."""

    def _answer(self, request: Request) -> Completion:
        shown = request.messages[-1]["content"].rpartition("\n\n")[2]
        first, *_, other, last = re.findall(r"\w+", shown)
        if len(shown) % 9 == 0:
            return Completion("What does the passage say?", "stop", 9, 5)
        if len(shown) % 11 == 0:
            return Completion(f"What has {first} to do", "length", 9, 5)
        return Completion(f"Question: What has {first} to do with {other} {last}?", "stop", 9, 9)


def models(**changes: Any) -> Models:
    return dataclasses.replace(small_models.models(), build_generator=Asking, **changes)
