"""The bundled trainer: fine-tunes a model on a transfer set."""
