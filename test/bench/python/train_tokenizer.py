"""Writes a small byte-level BPE tokenizer, trained on AIPerf's own prompt text, as a folder that transformers loads without a network."""

import json
import pathlib
import sys

import aiperf
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

directory = pathlib.Path(sys.argv[1])
corpus = pathlib.Path(aiperf.__file__).parent / "dataset" / "generator" / "assets" / "shakespeare.txt"
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
trainer = trainers.BpeTrainer(
    vocab_size=8000,
    special_tokens=["<|endoftext|>"],
    initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    show_progress=False,
)
tokenizer.train([str(corpus)], trainer)
directory.mkdir(parents=True, exist_ok=True)
tokenizer.save(str(directory / "tokenizer.json"))
config = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "bos_token": "<|endoftext|>",
    "eos_token": "<|endoftext|>",
    "model_max_length": 8192,
}
(directory / "tokenizer_config.json").write_text(json.dumps(config))
