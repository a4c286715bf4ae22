"""The run as a page: what became of its rows, how its scores are spread, and rows to look at. One HTML file."""
