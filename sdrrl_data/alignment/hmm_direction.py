"""One direction of a hidden Markov alignment model (Vogel et al. 1996).

The model reads one sentence and writes the other. Each word that is read is a hidden state, which writes its
translations; and it has a second state, which writes a word that comes from nothing and stays at the same position (Och
and Ney 2003, https://aclanthology.org/J03-1002, section 2.1.2). The probability of a jump depends only on its width.
"""

from typing import NamedTuple

import numpy as np

from sdrrl_data.alignment.lexicon import LONGEST, PADDING

FROM_NOTHING = 0.2  # the probability that a written word comes from nothing
MIN_PROBABILITY = 1e-7  # of a written word, given a read word or nothing
MIN_JUMP = 5e-4


class Direction(NamedTuple):
    """The parameters of one direction."""

    # By number of a pair of words: the probability of the written word given the read word; last, for all other pairs.
    words: np.ndarray
    nothing: np.ndarray  # by number of a word: its probability if it comes from nothing
    jumps: np.ndarray  # weights by width, from -LONGEST on


def uniform(pairs: int, written: int) -> Direction:
    """A direction in which everything is equally probable.

    Args:
        pairs: how many pairs of words have a number.
        written: how many words that can be written have a number.
    """
    return Direction(np.append(np.ones(pairs), 0), np.full(written, 1 / written), np.ones(2 * LONGEST + 1))


class ExpectedCounts:
    """The expected counts of pairs of words, of words from nothing, and of jumps."""

    def __init__(self, pairs: int, written: int) -> None:
        """Begin at 0, for this many pairs of words, and words that can be written."""
        self.words = np.zeros(pairs + 1)
        self.nothing = np.zeros(written)
        self.jumps = np.zeros(2 * LONGEST + 1)

    def add(self, index: np.ndarray, words: np.ndarray, written: np.ndarray, nothing: np.ndarray) -> None:
        """Add the posteriors of a batch: of each pair of words, and of each written word that it is from nothing."""
        np.add.at(self.words, index.ravel(), words.ravel())
        np.add.at(self.nothing, written.ravel(), nothing.ravel())

    def shares(self, read: np.ndarray, smoothing: float) -> np.ndarray:
        """For each pair of words: its share of the count of its read word, to which `smoothing` is added."""
        words = self.words[:-1]
        shares: np.ndarray = words / (np.bincount(read, words)[read] + smoothing)
        return shares

    def direction(self, read: np.ndarray) -> Direction:
        """The most probable parameters, given these counts and the read word of each pair of words."""
        jumps = self.jumps / max(self.jumps.sum(), MIN_PROBABILITY) + MIN_JUMP
        return Direction(
            np.append(np.maximum(self.shares(read, MIN_PROBABILITY), MIN_PROBABILITY), 0),
            np.maximum(self.nothing / max(self.nothing.sum(), MIN_PROBABILITY), MIN_PROBABILITY),
            jumps,
        )


def ibm1_posteriors(direction: Direction, index: np.ndarray, written: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Posteriors if word order does not matter (IBM model 1, Brown et al. 1993).

    Args:
        direction: its parameters.
        index: (pairs x read words x written words), numbers of pairs of words; the number after the last for padding.
        written: (pairs x written words), numbers of words.

    Returns:
        Of each pair of words, in the shape of `index`; and of each written word that it is from nothing.
    """
    words = direction.words[index]
    read = np.any(index < len(direction.words) - 1, axis=2)
    words *= (1 - FROM_NOTHING) / read.sum(axis=1)[:, None, None]
    nothing = direction.nothing[written] * FROM_NOTHING
    total = words.sum(axis=1) + nothing
    return words / total[:, None, :], nothing / total * (written != PADDING)


def hmm_posteriors(
    direction: Direction, index: np.ndarray, written: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Posteriors by the forward-backward algorithm, scaled (Rabiner 1989).

    Args:
        direction: its parameters.
        index: (pairs x read words x written words), numbers of pairs of words; the number after the last for padding.
        written: (pairs x written words), numbers of words.

    Returns:
        Of each pair of words, in the shape of `index`; of each written word that it is from nothing; and the counts of
        jumps by width.
    """
    words = direction.words[np.ascontiguousarray(index.transpose(2, 0, 1))]  # one row for each written word
    # Padding always comes from nothing, so that it has no effect.
    nothing = np.where(written == PADDING, 1, FROM_NOTHING * direction.nothing[written]).T[:, :, None]
    length, pairs, width = words.shape
    read = np.any(index < len(direction.words) - 1, axis=2)
    jumps, widths = _jumps(direction, width)
    leaving = (1 - FROM_NOTHING) / _reach(jumps, read)

    # The probability of the words written so far, for each read word that the last jump may have reached.
    last, from_word = np.empty_like(words), np.empty_like(words)
    scale = np.empty((length, pairs, 1))
    begin = read / read.sum(axis=1, keepdims=True)
    for j in range(length):
        arriving = (last[j - 1] * leaving) @ jumps if j else begin * (1 - FROM_NOTHING)
        staying = last[j - 1] if j else begin
        np.multiply(arriving, words[j], out=from_word[j])
        np.multiply(staying, nothing[j], out=last[j])
        last[j] += from_word[j]
        scale[j] = 1 / last[j].sum(axis=1, keepdims=True)
        from_word[j] *= scale[j]
        last[j] *= scale[j]

    # The probability of the words that follow.
    after = np.ones_like(words)
    coming = np.zeros_like(words)
    for j in range(length - 1, 0, -1):
        scaled = after[j] * scale[j]
        np.multiply(words[j], scaled, out=coming[j])
        np.multiply(coming[j] @ jumps.T, leaving, out=after[j - 1])
        after[j - 1] += scaled * nothing[j]

    jumped = (last[:-1] * leaving).reshape(-1, width).T @ coming[1:].reshape(-1, width) * jumps
    counts = np.bincount(widths.ravel(), jumped.ravel(), 2 * LONGEST + 1)
    posterior = (from_word * after).transpose(1, 2, 0)
    rest = np.maximum((written != PADDING) - posterior.sum(axis=1), 0)
    return posterior, rest, counts


def best_alignment(direction: Direction, index: np.ndarray, read: np.ndarray, written: np.ndarray) -> np.ndarray:
    """The most probable alignment (Viterbi): (pairs x read words x written words), whether they are linked.

    It only adds and compares, so that the other pairs of a batch do not change the result for a pair.

    Args:
        direction: its parameters.
        index: (pairs x read words x written words), numbers of pairs of words.
        read: (pairs x read words), numbers of words.
        written: (pairs x written words), numbers of words.
    """
    logs = np.log(direction.words[index.transpose(2, 0, 1)].astype(np.float32))
    nothing = np.log(FROM_NOTHING * direction.nothing[written].astype(np.float32)).T[:, :, None]
    length, pairs, width = logs.shape
    jumps, _ = _jumps(direction, width)
    leaving = np.log((1 - FROM_NOTHING) / _reach(jumps, read != PADDING)).astype(np.float32)
    jumping = np.log(jumps.T).astype(np.float32)
    allowed = np.where(read == PADDING, -np.inf, 0).astype(np.float32)
    is_word = written != PADDING

    previous = np.zeros((length, pairs, width), dtype=np.int16)  # the position before the last jump
    from_nothing = np.empty((length, pairs, width), dtype=bool)
    score = allowed
    for j in range(length):
        arriving = allowed + np.float32(np.log(1 - FROM_NOTHING))
        if j:
            scores = (score + leaving)[:, None, :] + jumping
            previous[j] = scores.argmax(axis=2)
            arriving = np.take_along_axis(scores, previous[j][:, :, None].astype(np.int64), axis=2)[:, :, 0] + allowed
        arriving = arriving + logs[j]
        staying = score + nothing[j]
        from_nothing[j] = staying > arriving
        score = np.where(is_word[:, j, None], np.maximum(arriving, staying), score)

    links = np.zeros((pairs, width, length), dtype=bool)
    rows, state = np.arange(pairs), score.argmax(axis=1)
    for j in range(length - 1, -1, -1):
        jumped = is_word[:, j] & ~from_nothing[j, rows, state]
        links[rows, state, j] = jumped
        state = np.where(jumped, previous[j, rows, state], state)
    return links


def _jumps(direction: Direction, width: int) -> tuple[np.ndarray, np.ndarray]:
    """(from x to): the weight of each jump, and its width plus LONGEST."""
    positions = np.arange(width)
    widths = positions - positions[:, None] + LONGEST
    return direction.jumps[widths], widths


def _reach(jumps: np.ndarray, read: np.ndarray) -> np.ndarray:
    """(pairs x read words): the total weight of the jumps from a word to the words of its sentence."""
    reach: np.ndarray = np.cumsum(jumps, axis=1).T[read.sum(axis=1) - 1]
    return reach
