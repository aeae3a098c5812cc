"""The smallest weights that the real libraries load: an ONNX with a convolution and a GGUF with one layer."""

import struct

import numpy as np
from onnx import TensorProto, helper

VOCABULARY = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
WIDTH, INNER = 32, 64
ALIGNMENT = 32


def tiny_onnx() -> bytes:
    """``y = relu(conv(x))`` over a picture of any size."""
    rng = np.random.default_rng(5)
    kernel = rng.normal(size=(4, 3, 3, 3)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["c"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
            helper.make_node("Relu", ["c"], ["y"]),
        ],
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, "height", "width"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4, "height", "width"])],
        [helper.make_tensor("w", TensorProto.FLOAT, kernel.shape, kernel.tobytes(), raw=True)],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    contents: bytes = made.SerializeToString()
    return contents


def tiny_gguf() -> bytes:
    """A llama of one layer with random weights and a vocabulary of bytes."""
    return gguf(pairs(), tensors())


def pairs() -> list[bytes]:
    """What every llama has to say about itself."""
    kinds = [2, 3, 3] + [6] * 256
    numbers = {
        "llama.context_length": 64,
        "llama.embedding_length": WIDTH,
        "llama.block_count": 1,
        "llama.feed_forward_length": INNER,
        "llama.attention.head_count": 2,
        "llama.rope.dimension_count": WIDTH // 2,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0,
    }
    return [
        pair("general.architecture", 8, text(b"llama")),
        *(pair(name, 4, struct.pack("<I", value)) for name, value in numbers.items()),
        pair("llama.attention.layer_norm_rms_epsilon", 6, struct.pack("<f", 1e-5)),
        pair("tokenizer.ggml.model", 8, text(b"llama")),
        pair("tokenizer.ggml.tokens", 9, listed(8, [text(token.encode()) for token in VOCABULARY])),
        pair("tokenizer.ggml.scores", 9, listed(6, [struct.pack("<f", 0.0)] * len(VOCABULARY))),
        pair("tokenizer.ggml.token_type", 9, listed(5, [struct.pack("<i", kind) for kind in kinds])),
    ]


def tensors() -> dict[str, tuple[int, ...]]:
    """Names and sides; the first is the one that lies together."""
    square, vector = (WIDTH, WIDTH), (WIDTH,)
    layer = {
        "attn_norm": vector,
        "attn_q": square,
        "attn_k": square,
        "attn_v": square,
        "attn_output": square,
        "ffn_norm": vector,
        "ffn_gate": (WIDTH, INNER),
        "ffn_up": (WIDTH, INNER),
        "ffn_down": (INNER, WIDTH),
    }
    named = {f"blk.0.{name}.weight": sides for name, sides in layer.items()}
    return {"token_embd.weight": (WIDTH, len(VOCABULARY)), "output_norm.weight": vector, **named}


def gguf(settings: list[bytes], shapes: dict[str, tuple[int, ...]], *, version: int = 3) -> bytes:
    """Everything put together, tensors of small random floats."""
    rng = np.random.default_rng(6)
    described, data = [], b""
    for name, sides in shapes.items():
        head = text(name.encode()) + struct.pack("<I", len(sides)) + struct.pack(f"<{len(sides)}Q", *sides)
        described.append(head + struct.pack("<IQ", 0, len(data)))
        data += rng.normal(0, 0.02, int(np.prod(sides))).astype(np.float32).tobytes()
        data += bytes(-len(data) % ALIGNMENT)
    head = b"GGUF" + struct.pack("<IQQ", version, len(shapes), len(settings)) + b"".join(settings + described)
    return head + bytes(-len(head) % ALIGNMENT) + data


def pair(key: str, kind: int, value: bytes) -> bytes:
    """One setting."""
    return text(key.encode()) + struct.pack("<I", kind) + value


def listed(kind: int, values: list[bytes]) -> bytes:
    """A list of values of one kind."""
    return struct.pack("<IQ", kind, len(values)) + b"".join(values)


def text(value: bytes) -> bytes:
    """A text with its length."""
    return struct.pack("<Q", len(value)) + value
