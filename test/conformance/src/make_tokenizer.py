"""Writes a tokenizer folder in which every word is one token, so that a text's length can be read off its words.

Usage: make_tokenizer.py OUTPUT_FOLDER

The vocabulary is trained on the text from which AIPerf cuts its prompts; it has enough common words for the other tool's.
"""

import importlib.util
import sys
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

spec = importlib.util.find_spec("aiperf")
corpus = Path(spec.origin).parent / "dataset" / "generator" / "assets" / "shakespeare.txt"

tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
trainer = trainers.WordLevelTrainer(vocab_size=1_000_000, min_frequency=1, special_tokens=["[UNK]"], show_progress=False)
tokenizer.train_from_iterator(corpus.read_text().splitlines(), trainer)
PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]").save_pretrained(sys.argv[1])
