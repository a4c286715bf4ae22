"""Evaluation: what a tuned model gained in the target language, and lost in the source language."""
