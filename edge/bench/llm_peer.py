"""llama-cpp-python's plain `Llama` class as a process of its own: the yardstick of `edge.bench.llm`.

Started as ``python -m edge.bench.llm_peer WEIGHTS THREADS CONTEXT``. Reads one request a line, answers with the line
``first`` at the first piece of text and with the whole text as JSON in the next. One request at a time, as the class
works; it keeps what it computed of the last prompt and reuses the common beginning by itself.
"""

import json
import os
import sys
from typing import Any

from llama_cpp import Llama
from llama_cpp.llama_grammar import LlamaGrammar


def main() -> int:
    """Serve until the input ends."""
    weights, threads, context = sys.argv[1:4]
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    llama: Any = Llama(weights, n_ctx=int(context), n_threads=int(threads), n_threads_batch=int(threads), verbose=False)
    replies.write("ready\n")
    for line in sys.stdin:
        asked = json.loads(line)
        grammar = asked["grammar"]
        text = ""
        for chunk in llama.create_chat_completion(
            [{"role": "system", "content": asked["prefix"]}, {"role": "user", "content": asked["prompt"]}],
            grammar=None if grammar is None else LlamaGrammar.from_string(grammar, verbose=False),
            max_tokens=asked["max_tokens"],
            temperature=0.0,
            stream=True,
        ):
            piece = chunk["choices"][0]["delta"].get("content") or ""
            if piece and not text:
                replies.write("first\n")
            text += piece
        if not text:
            replies.write("first\n")
        replies.write(json.dumps(text) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
