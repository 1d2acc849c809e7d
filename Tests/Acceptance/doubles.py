"""AWS and Google on loopback, for the unit tests.

Prints the environment in which a test finds them, one NAME=value a line, and then an empty one; it ends with its
standard input.
"""

import sys

from aws_double import AWSDouble
from google_double import GoogleDouble

if __name__ == "__main__":
    doubles = [AWSDouble(), GoogleDouble()]
    for double in doubles:
        for name, value in double.env.items():
            print(f"{name}={value}")
    print(flush=True)
    sys.stdin.read()
    for double in doubles:
        double.stop()
