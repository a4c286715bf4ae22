"""Weights of an encoder in int8, in numbers small enough for every processor.

A processor without VNNI adds two products in 16 bits. With weights up to 127, the sum may be too large, and is cut off;
with weights up to 63, it cannot be.

Source: https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html (there: `reduce_range`).
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ctranslate2.specs import TransformerEncoderModelSpec

LARGEST = 63


def narrowed(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A matrix in int8, and what each of its rows was multiplied with."""
    largest = np.abs(weights).max(axis=1)
    scales = (LARGEST / np.where(largest > 0, largest, LARGEST)).astype(np.float32)
    return np.rint(weights * scales[:, np.newaxis]).astype(np.int8), scales


def lost(weights: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """What the rounding of a matrix takes from its output for the mean input, to be added to the bias.

    Source: Nagel et al. 2019, https://arxiv.org/abs/1906.04721.
    """
    rounded, scales = narrowed(weights)
    difference: np.ndarray = (weights - rounded / scales[:, np.newaxis]) @ mean
    return difference


def quantize(spec: "TransformerEncoderModelSpec") -> None:
    """Bring the weights of a validated encoder into int8."""
    from ctranslate2.specs.model_spec import NumpyVariable

    linears = [
        linear
        for layer in spec.encoder.layer
        for linear in (*layer.self_attention.linear, layer.ffn.linear_0, layer.ffn.linear_1)
    ]
    narrow = [narrowed(linear.weight.to("float32").numpy()) for linear in linears]
    spec.optimize(quantization="int8")
    for linear, (weights, scales) in zip(linears, narrow, strict=True):
        linear.weight, linear.weight_scale = NumpyVariable(weights), NumpyVariable(scales)
