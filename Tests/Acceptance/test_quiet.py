"""The tests' own means to look at what a killed process has left."""

import socket
import subprocess
import sys
import threading
import time

from quiet import wait_until_done_with

CLIENT = """
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
    connection.sendall(b"write it")
    print("sent", flush=True)
    connection.recv(1)
"""


def test_what_a_killed_process_has_sent_has_had_its_effect() -> None:
    done: list[bytes] = []
    killed = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            killed.wait()  # it lies in the queue
            connection, _ = server.accept()
            with connection:
                request = connection.recv(100)
                time.sleep(0.2)  # it is under way
                done.append(request)

        thread = threading.Thread(target=serve)
        thread.start()
        port = server.getsockname()[1]
        with subprocess.Popen([sys.executable, "-c", CLIENT, str(port)], stdout=subprocess.PIPE) as client:
            assert client.stdout and client.stdout.readline() == b"sent\n"
            client.kill()
        killed.set()
        wait_until_done_with({"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "LOGNAME": "ada"})
        assert done == [b"write it"]
        thread.join()
