"""Head office's side: receive, commit, acknowledge, and say what is missing."""
