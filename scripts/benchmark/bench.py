"""One run of the bench; see scripts/bench."""

import argparse
import os
import tempfile
from pathlib import Path

import counters
import on_lambda
import order
import over_http
from measured import Measured

WARM_CALLS = 200


def peer(text: str) -> Measured:
    name, _, path = text.partition("=")
    if not name or not os.access(path, os.X_OK):
        raise argparse.ArgumentTypeError(f"{text} is no NAME=PATH of a program")
    return Measured(name, Path(path).resolve())


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--peer", type=peer, action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--starts", type=int, default=25)
    parser.add_argument("--counters", action="store_true")
    parser.add_argument("--order", action="store_true")
    options = parser.parse_args()
    if options.counters:
        counters.keep(counters.count())
        return
    if options.order:
        order.keep(order.first_use())
        return
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as directory:
        print(on_lambda.measure(options.peer, options.starts, WARM_CALLS, Path(directory)), end="\n\n", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        print(over_http.measure(options.peer, Path(directory)), end="\n\n")
    print(f"load average {before:.2f} before, {os.getloadavg()[0]:.2f} after; {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
