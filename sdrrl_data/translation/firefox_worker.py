"""What runs in a Firefox process: sentences through the engine, batch after batch.

Started with the number of a file descriptor, this side's end of the connection.
"""

import re
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from sdrrl_data.protocols import SetAside
from sdrrl_data.translation.firefox_models import Model
from sdrrl_data.translation.firefox_process import Answer, Batch, Failed, Job

if TYPE_CHECKING:
    from fxtranslate import Translator

_CLAUSE_END = re.compile(r"(?<=[,;:!?)])\s+|\s+(?=\()|(?<=[，；：、！？。）])")
_DASH_IN_RANGE = re.compile(r"(?<=\d)[‑–—](?=\d)")
_GLOSS = re.compile(r"(?<=.) \([^()]*\)?([.:!?]?)$")


def main() -> None:
    """Serve until the connection ends."""
    connection = Connection(int(sys.argv[1]))
    with suppress(EOFError, ConnectionError):  # the run is gone, or wants no more
        _serve(connection)


def _serve(connection: Connection) -> None:
    job: Job = connection.recv()
    engines = []
    for model in job.models:
        try:
            engines.append(_load(model))
        except (OSError, ValueError) as error:
            connection.send(Failed(f"the Firefox model in {model.weights.parent} cannot be read ({error})"))
            return
    while True:
        batch: Batch = connection.recv()
        connection.send(Answer([_translated(engines, text, batch.again, job.joint) for text in batch.sentences]))


def _load(model: Model) -> "Translator":
    from fxtranslate import Translator

    return Translator(
        model=model.weights.read_bytes(),
        src_vocab=model.source_vocabulary.read_bytes(),
        trg_vocab=model.target_vocabulary.read_bytes(),
        shortlist=model.shortlist.read_bytes() if model.shortlist else None,
    )


def _translated(engines: list["Translator"], sentence: str, again: bool, joint: str) -> str | SetAside:
    # The engine knows one way of decoding; of what went wrong there, more comes out right clause by clause.
    pieces = filter(None, _CLAUSE_END.split(sentence)) if again else [sentence]
    try:
        return joint.join(_through(engines, piece) for piece in pieces)
    except ValueError as error:  # not text, such as half of a surrogate pair
        return SetAside(f"the Firefox engine refuses the sentence: {error}")


def _through(engines: list["Translator"], text: str) -> str:
    """A text after the first model, after the second."""
    for engine in engines:
        text = _plain(text)
        text = _without_gloss(text, engine.translate(text))
    return text


def _plain(text: str) -> str:
    """A text as the engine keeps it best: one line, a plain dash in "1969–70", after which it would lose the number."""
    return _DASH_IN_RANGE.sub("-", " ".join(text.split()))


def _without_gloss(source: str, translation: str) -> str:
    """The models gloss names that they do not know: "Elon Musk" becomes "Elon Musk (em inglês)"."""
    return translation if "(" in source else _GLOSS.sub(r"\1", translation)


if __name__ == "__main__":
    main()
