"""The templates of the cards."""
