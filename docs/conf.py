"""How Sphinx builds the pages: `make docs`."""

project = "sdrrl-data"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "sdrrl-data"
exclude_patterns = ["_build"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
