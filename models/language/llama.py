"""llama.cpp behind the engine's `Runtime` port: weights, memory of sequences, tokens.

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

from models.errors import ArtefactInvalidError
from models.language.chat import Span
from models.language.engine import Row
from models.language.prefixes import Tokens
from models.language.vocabulary import Vocabulary
from models.language.wording import Logits

_LONGEST_PIECE_BYTES = 512
_BFLOAT16 = 30
"""GGML_TYPE_BF16, which llama_cpp does not name."""


class LlamaRuntime:
    """One set of weights with room for ``sequences`` sequences that share ``context_tokens`` cells.

    The sequences share one memory (``kv_unified``), so letting a turn begin with a cached prefix copies no numbers.
    Retired cells belong to one more sequence that nothing attends to.
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
        self._vocabulary_of: Any = llama_cpp.llama_model_get_vocab(self._weights)
        self._size = int(llama_cpp.llama_vocab_n_tokens(self._vocabulary_of))
        self._retired = sequences
        self._context = self._open_context(threads, context_tokens, chunk_tokens, sequences + 1)
        self._memory: Any = llama_cpp.llama_get_memory(self._context)
        self._batch: Any = llama_cpp.llama_batch_init(chunk_tokens, 0, 1)
        self._piece_buffer = ctypes.create_string_buffer(_LONGEST_PIECE_BYTES)
        self.vocabulary = self._read_vocabulary()

    def _open_context(self, threads: int, context_tokens: int, chunk_tokens: int, sequences: int) -> Any:
        options = llama_cpp.llama_context_default_params()
        options.n_ctx = context_tokens
        options.n_batch = options.n_ubatch = chunk_tokens
        options.n_seq_max = sequences
        options.kv_unified = True
        # Attention over keys and values of unlike types takes one path for any number of rows. Where they are alike
        # llama.cpp divides a single row's cells among the threads from 512 cells on, and 64 rows and more into tiles,
        # and both round differently. With values in bfloat16 it sums in 32 bits; 32-bit values it would cast to 16.
        options.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED
        options.type_k, options.type_v = llama_cpp.GGML_TYPE_F16, _BFLOAT16
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
        count = llama_cpp.llama_tokenize(self._vocabulary_of, text, len(text), found, room, False, span.is_markup)
        return list(found[:count])

    def _read_vocabulary(self) -> Vocabulary:
        ends = [token for token in range(self._size) if llama_cpp.llama_vocab_is_eog(self._vocabulary_of, token)]
        pieces = [self._piece(token) for token in range(self._size)]
        return Vocabulary(pieces, ends, lambda text: self._span_tokens(Span(text)))

    def _piece(self, token: int) -> bytes:
        size = llama_cpp.llama_token_to_piece(
            self._vocabulary_of, token, self._piece_buffer, _LONGEST_PIECE_BYTES, 0, False
        )
        return self._piece_buffer.raw[: max(size, 0)]

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

    def use_threads(self, threads: int) -> None:
        """Compute on so many threads from the next call on."""
        llama_cpp.llama_set_n_threads(self._context, threads, threads)

    def copy(self, source: int, target: int) -> None:
        """Let a sequence begin with all that another holds, without computing it again."""
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, -1, -1)

    def clear(self, sequence: int) -> None:
        """Forget a sequence."""
        llama_cpp.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def retire(self, sequence: int) -> None:
        """Forget a sequence, and keep its cells taken until ``reclaim``.

        A freed cell is the next to be filled. Filled by a turn that began behind it, it changes the order in which
        that turn's attention sums, and so the rounding.
        """
        self.copy(sequence, self._retired)
        self.clear(sequence)

    def reclaim(self) -> None:
        """Free the cells of all retired sequences."""
        self.clear(self._retired)

    def rss_mb(self) -> float:
        """Resident memory of this process, the mapped weights included."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _drop(_level: int, _text: bytes, _data: object) -> None:
    """Stand in for the library's logger; a null pointer would make it write to standard error."""
