"""llama.cpp behind the engine's `Runtime` port: weights, memory of sequences, tokens, grammars.

Owns every call into llama_cpp; nobody else imports it. It runs only inside the model's process and from one
thread. Library chatter is dropped, and what the library returns as a null pointer becomes an error here.
"""

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from models.errors import ArtefactInvalidError
from models.language.chat import Span
from models.language.engine import Row
from models.language.prefixes import Tokens
from models.language.wording import GrammarInvalidError, Logits

_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
_LONGEST_PIECE_BYTES = 512


class LlamaRuntime:
    """One set of weights with room for ``sequences`` sequences that share ``context_tokens`` cells.

    The sequences share one memory (``kv_unified``), so letting a turn begin with a cached prefix copies no numbers.
    """

    def __init__(self, weights: Path, *, threads: int, context_tokens: int, chunk_tokens: int, sequences: int) -> None:
        """Load the weights. Blocks for as long as the disk needs.

        Raises:
            ArtefactInvalidError: llama.cpp cannot use the file or there is no memory for the context.
        """
        self._silence: Any = llama_cpp.llama_log_callback(_drop)
        llama_cpp.llama_log_set(self._silence, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        options = llama_cpp.llama_model_default_params()
        options.n_gpu_layers = 0
        self._weights: Any = llama_cpp.llama_model_load_from_file(os.fsencode(weights), options)
        if not self._weights:
            raise ArtefactInvalidError(f"{weights.name}: llama.cpp cannot read these weights")
        self._vocabulary: Any = llama_cpp.llama_model_get_vocab(self._weights)
        self._size = int(llama_cpp.llama_vocab_n_tokens(self._vocabulary))
        self._context = self._open_context(threads, context_tokens, chunk_tokens, sequences)
        self._memory: Any = llama_cpp.llama_get_memory(self._context)
        self._batch: Any = llama_cpp.llama_batch_init(chunk_tokens, 0, 1)
        self._batch_capacity = chunk_tokens

    def _open_context(self, threads: int, context_tokens: int, chunk_tokens: int, sequences: int) -> Any:
        options = llama_cpp.llama_context_default_params()
        options.n_ctx = context_tokens
        options.n_batch = options.n_ubatch = chunk_tokens
        options.n_seq_max = sequences
        options.kv_unified = True
        options.n_threads = options.n_threads_batch = threads
        options.no_perf = True
        context = llama_cpp.llama_init_from_model(self._weights, options)
        if not context:
            raise ArtefactInvalidError(f"no memory for a context of {context_tokens} tokens")
        return context

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        llama_cpp.llama_batch_free(self._batch)
        llama_cpp.llama_free(self._context)
        llama_cpp.llama_model_free(self._weights)

    def tokens(self, spans: Sequence[Span]) -> Tokens:
        """Tokens of a written conversation; only markup spans may yield control tokens."""
        return tuple(token for span in spans for token in self._span_tokens(span))

    def _span_tokens(self, span: Span) -> list[int]:
        text = span.text.encode()
        room = len(text) + 2
        found = (llama_cpp.llama_token * room)()
        count = llama_cpp.llama_tokenize(self._vocabulary, text, len(text), found, room, False, span.is_markup)
        return list(found[:count])

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for; control tokens stand for none."""
        buffer = ctypes.create_string_buffer(_LONGEST_PIECE_BYTES)
        size = llama_cpp.llama_token_to_piece(self._vocabulary, token, buffer, _LONGEST_PIECE_BYTES, 0, False)
        return buffer.raw[: max(size, 0)]

    def is_end(self, token: int) -> bool:
        """Whether the token ends the model's turn."""
        return bool(llama_cpp.llama_vocab_is_eog(self._vocabulary, token))

    def compute(self, rows: Sequence[Row]) -> list[Logits]:
        """Compute the rows; logits of those that want them, as views that the next call overwrites.

        Raises:
            MemoryError: no room is left for the rows; the engine's own counting makes that a bug.
        """
        batch = self._batch
        batch.n_tokens = len(rows)
        for i, row in enumerate(rows):
            batch.token[i] = row.token
            batch.pos[i] = row.position
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = row.sequence
            batch.logits[i] = row.wants_logits
        code = llama_cpp.llama_decode(self._context, batch)
        if code != 0:
            raise MemoryError(f"llama_decode returned {code} for {len(rows)} rows")
        return [self._logits_of(i) for i, row in enumerate(rows) if row.wants_logits]

    def _logits_of(self, row: int) -> Logits:
        pointer = llama_cpp.llama_get_logits_ith(self._context, row)
        view: Logits = np.ctypeslib.as_array(pointer, shape=(self._size,))
        return view

    def copy(self, source: int, target: int) -> None:
        """Let a sequence begin with all that another holds, without computing it again."""
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, -1, -1)

    def clear(self, sequence: int) -> None:
        """Forget a sequence."""
        llama_cpp.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def grammar(self, text: str) -> "LlamaGrammar":
        """Compile GBNF text whose start rule is ``root``.

        Raises:
            GrammarInvalidError: it does not compile.
        """
        return LlamaGrammar(self._vocabulary, self._size, text)

    def rss_mb(self) -> float:
        """Resident memory of this process, the mapped weights included."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class LlamaGrammar:
    """A compiled grammar and how far into it the answer is."""

    def __init__(self, vocabulary: Any, size: int, text: str) -> None:
        if not text.strip():
            raise GrammarInvalidError("the grammar is empty")
        self._sampler: Any = llama_cpp.llama_sampler_init_grammar(vocabulary, text.encode(), b"root")
        if not self._sampler:
            raise GrammarInvalidError("the grammar does not compile: check its rules, and that one is called root")
        self._all = np.zeros(size, dtype=_CANDIDATE)
        self._all["id"] = np.arange(size)

    def allows(self, token: int) -> bool:
        """Whether the answer may go on with this token."""
        one = np.array([(token, 0.0, 0.0)], dtype=_CANDIDATE)
        self._apply(one)
        return bool(np.isfinite(one["logit"][0]))

    def masked(self, logits: Logits) -> Logits:
        """The logits with minus infinity where the answer may not go on."""
        self._all["logit"] = logits
        self._apply(self._all)
        return np.ascontiguousarray(self._all["logit"])

    def take(self, token: int) -> None:
        """Go on with an allowed token. The library ends the process on any other."""
        llama_cpp.llama_sampler_accept(self._sampler, token)

    def close(self) -> None:
        """Free it."""
        llama_cpp.llama_sampler_free(self._sampler)

    def _apply(self, candidates: NDArray[np.void]) -> None:
        data = candidates.ctypes.data_as(llama_cpp.llama_token_data_p)
        view = llama_cpp.llama_token_data_array(data=data, size=len(candidates), selected=-1, sorted=False)
        llama_cpp.llama_sampler_apply(self._sampler, ctypes.byref(view))


def _drop(_level: int, _text: bytes, _data: object) -> None:
    """Stand in for the library's logger; a null pointer would make it write to standard error."""
