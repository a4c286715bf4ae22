"""The recipes that come with the package, and parts that change them."""
