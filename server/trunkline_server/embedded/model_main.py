"""The process behind `embedded_model`: llama.cpp's OpenAI-compatible server."""

import argparse
import importlib
import os
import signal


def main() -> None:
    """Serve until a signal ends the process."""
    parser = argparse.ArgumentParser(prog="python -m trunkline_server.embedded.model_main")
    parser.add_argument("--file", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--parallel", type=int, required=True)
    parser.add_argument("--context", type=int, required=True)
    options = parser.parse_args()

    xllamacpp = importlib.import_module("xllamacpp")  # Untyped.
    params = xllamacpp.CommonParams()
    params.model.path = options.file
    params.model_alias = {options.name}
    params.hostnames = ["127.0.0.1"]
    params.port = options.port
    params.n_parallel = options.parallel
    params.n_ctx = options.context
    params.cpuparams.n_threads = min(4, os.cpu_count() or 1)
    params.ui = False
    params.cache_ram_mib = 0  # Its default may take 8 GiB.
    params.fit_params = False  # Would shrink the context to fit the memory, without a word.
    params.cors_origins = ""  # Its default lets any web page call it.
    server = xllamacpp.Server(params)
    print("listening on", server.listening_address, flush=True)
    signal.pause()


if __name__ == "__main__":
    main()
