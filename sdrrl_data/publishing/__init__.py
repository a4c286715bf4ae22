"""Runs on the Hub (push and pull), and transfer sets as files for other trainers (export)."""
