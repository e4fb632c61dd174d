"""Writes a two-layer model with random weights and the tokenizer and chat template of another GGUF file.

A real engine at about one millisecond a token, for rates that hurt. Usage: random_gguf.py TOKENIZER.gguf OUTPUT.gguf
"""

import sys

import numpy as np
from gguf import GGUFReader, GGUFValueType, GGUFWriter

EMBEDDING, LAYERS, HEADS, FEED_FORWARD = 64, 2, 4, 128

source, target = sys.argv[1], sys.argv[2]
reader = GGUFReader(source)
writer = GGUFWriter(target, "llama")
vocabulary = len(reader.fields["tokenizer.ggml.tokens"].data)
for name, field in reader.fields.items():
    if not name.startswith("tokenizer."):
        continue
    if field.types[0] == GGUFValueType.ARRAY:
        writer.add_key_value(name, field.contents(), GGUFValueType.ARRAY, sub_type=field.types[-1])
    else:
        writer.add_key_value(name, field.contents(), field.types[0])
writer.add_context_length(8192)
writer.add_embedding_length(EMBEDDING)
writer.add_block_count(LAYERS)
writer.add_feed_forward_length(FEED_FORWARD)
writer.add_head_count(HEADS)
writer.add_head_count_kv(HEADS)
writer.add_rope_dimension_count(EMBEDDING // HEADS)
writer.add_layer_norm_rms_eps(1e-5)
writer.add_vocab_size(vocabulary)

random = np.random.default_rng(0)


def weights(*shape: int) -> np.ndarray:
    return (random.standard_normal(shape) * 0.02).astype(np.float32)


writer.add_tensor("token_embd.weight", weights(vocabulary, EMBEDDING))
writer.add_tensor("output.weight", weights(vocabulary, EMBEDDING))
writer.add_tensor("output_norm.weight", np.ones(EMBEDDING, dtype=np.float32))
for layer in range(LAYERS):
    block = f"blk.{layer}"
    for norm in ("attn_norm", "ffn_norm"):
        writer.add_tensor(f"{block}.{norm}.weight", np.ones(EMBEDDING, dtype=np.float32))
    for projection in ("attn_q", "attn_k", "attn_v", "attn_output"):
        writer.add_tensor(f"{block}.{projection}.weight", weights(EMBEDDING, EMBEDDING))
    writer.add_tensor(f"{block}.ffn_gate.weight", weights(FEED_FORWARD, EMBEDDING))
    writer.add_tensor(f"{block}.ffn_up.weight", weights(FEED_FORWARD, EMBEDDING))
    writer.add_tensor(f"{block}.ffn_down.weight", weights(EMBEDDING, FEED_FORWARD))
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
