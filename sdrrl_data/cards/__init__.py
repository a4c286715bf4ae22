"""The card of a dataset: its text, figures, licences, pictures and Croissant metadata, and a check of them."""
