"""Serves SmolLM2-135M-Instruct (or a tiny model with random weights) with llama.cpp's own HTTP server, until it is ended.

Usage: llama_server.py MODEL.gguf PORT [SLOTS]
"""

import sys
import time

import xllamacpp

model_path, port = sys.argv[1], int(sys.argv[2])
slots = int(sys.argv[3]) if len(sys.argv) > 3 else 4
params = xllamacpp.CommonParams()
params.model.path = model_path
params.n_ctx = 1024 * slots
params.n_parallel = slots
params.hostnames = ["127.0.0.1"]
params.port = port
params.cpuparams.n_threads = 2
params.endpoint_metrics = True
params.model_alias = {"smollm2-135m"}
server = xllamacpp.Server(params)
print(f"http://127.0.0.1:{port}", flush=True)
while True:
    time.sleep(3600)
