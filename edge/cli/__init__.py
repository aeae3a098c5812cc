"""The `backroom` command: readable text for people, one JSON object (or one a line) for programs."""
