"""Training: fine-tunes a model on a transfer set."""
