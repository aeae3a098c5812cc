"""The language model: requests and answers, the client of its process, and the process itself."""
