"""Centre what an encoder's matrices are multiplied with, before they become int8: the vectors stay the same.

In int8, a token's numbers share one scale, so a few large ones cost the others their precision. Most large ones are
nearly the same for all tokens. Such a constant is taken out of a layer norm, and put back into the biases after it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sdrrl_data.scoring.int8_weights import lost

if TYPE_CHECKING:
    from ctranslate2.specs import TransformerEncoderSpec


def centre(encoder: "TransformerEncoderSpec", texts: Sequence[Sequence[int]]) -> None:
    """Centre the inputs of an encoder that normalises after each block, as BERT does.

    Args:
        encoder: its weights, in single precision; they are changed.
        texts: tokens of a few usual texts, which show the means. Any texts give the same vectors in single precision.
    """
    norm = encoder.layernorm_embedding
    tables = [_array(table.weight) for table in encoder.embeddings]
    types = tables[1][0] if len(tables) > 1 else 0
    positions = _array(encoder.position_encodings.encodings)
    fitting = [list(text[: len(positions)]) for text in texts]
    states = [_normalise(tables[0][text] + positions[: len(text)] + types, norm) for text in fitting]
    for layer in encoder.layer:
        attention, network = layer.self_attention, layer.ffn
        joined, output = attention.linear
        mean = np.concatenate(states).mean(axis=0)
        attended = [_attend(state, joined, int(encoder.num_heads)) for state in states]
        results = [
            _normalise(state + _linear(values, output), attention.layer_norm)
            for state, values in zip(states, attended, strict=True)
        ]
        _move(mean, norm, joined, output)
        _restore(output, np.concatenate(attended).mean(axis=0) - _move_values(joined, output))
        mean = np.concatenate(results).mean(axis=0)
        activated = [_gelu(_linear(result, network.linear_0)) for result in results]
        states = [
            _normalise(result + _linear(values, network.linear_1), network.layer_norm)
            for result, values in zip(results, activated, strict=True)
        ]
        _move(mean, attention.layer_norm, network.linear_0, network.linear_1)
        _restore(network.linear_1, np.concatenate(activated).mean(axis=0))
        norm = network.layer_norm


def _move(mean: np.ndarray, norm: Any, first: Any, last: Any) -> None:
    """Take the mean out of a norm; its output is an input of the first matrix, and added to what the last one gives."""
    norm.beta = _array(norm.beta) - mean
    first.bias = _array(first.bias) + _array(first.weight) @ mean
    last.bias = _array(last.bias) + mean


def _move_values(joined: Any, output: Any) -> np.ndarray:
    """Move the bias of the values behind the attention, whose weights add up to one; returns that bias."""
    queries, keys, values = np.split(_array(joined.bias), 3)
    joined.bias = np.concatenate([queries, keys, np.zeros_like(values)])
    output.bias = _array(output.bias) + _array(output.weight) @ values
    return values


def _restore(linear: Any, mean: np.ndarray) -> None:
    """Restore what rounding the weights will take from the mean output; the means of other matrices' inputs are 0."""
    linear.bias = _array(linear.bias) + lost(_array(linear.weight), mean)


def _attend(states: np.ndarray, joined: Any, heads: int) -> np.ndarray:
    parts = np.split(_linear(states, joined), 3, axis=1)
    queries, keys, values = (part.reshape(len(states), heads, -1).swapaxes(0, 1) for part in parts)
    weights = queries @ keys.swapaxes(1, 2) / np.sqrt(queries.shape[2])
    weights = np.exp(weights - weights.max(axis=2, keepdims=True))
    weights /= weights.sum(axis=2, keepdims=True)
    attended: np.ndarray = (weights @ values).swapaxes(0, 1).reshape(states.shape)
    return attended


def _normalise(states: np.ndarray, norm: Any) -> np.ndarray:
    deviations = states.std(axis=1, keepdims=True) + 1e-6
    normalised = (states - states.mean(axis=1, keepdims=True)) / deviations
    scaled: np.ndarray = normalised * _array(norm.gamma) + _array(norm.beta)
    return scaled


def _linear(states: np.ndarray, linear: Any) -> np.ndarray:
    product: np.ndarray = states @ _array(linear.weight).T + _array(linear.bias)
    return product


def _gelu(states: np.ndarray) -> np.ndarray:
    # Near enough for means, also of other activations.
    activated: np.ndarray = states / (1 + np.exp(np.clip(-1.702 * states, -80, 80)))
    return activated


def _array(values: Any) -> np.ndarray:
    """The values of an array, or of a tensor of torch that may require a gradient."""
    return np.asarray(values.detach() if hasattr(values, "detach") else values, np.float32)
