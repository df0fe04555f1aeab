"""What a run did, to read: on the terminal, as JSON, as a page."""
