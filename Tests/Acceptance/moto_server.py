"""moto's server, with one request at a time: AWS does each as a whole, and moto's threads would get in between."""

import threading
from contextlib import closing
from typing import Any, Iterable

import moto.server


class OneAtATime(moto.server.DomainDispatcherApplication):
    turn = threading.Lock()

    def __call__(self, environ: dict, start_response: Any) -> Iterable[bytes]:
        with self.turn, closing(super().__call__(environ, start_response)) as answer:
            return list(answer)


if __name__ == "__main__":
    moto.server.DomainDispatcherApplication = OneAtATime
    moto.server.main()
