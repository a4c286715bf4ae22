"""Datasets to compare the transfer set with: matched controls and ablations."""
