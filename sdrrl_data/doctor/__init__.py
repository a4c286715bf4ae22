"""Says what is installed and works, and how to mend what does not."""
