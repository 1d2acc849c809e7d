"""What is JSON is decided as others decide it: Python's reader, made as strict as RFC 8259, is asked about the same texts."""

import json
import random
from typing import Any

import events
import people
from programs import Programs

SEEDS = [
    rb'{"a":1,"b":[true,false,null,-7,2.5,1e400,-0,0.0E+1,123456789012345678901],"c":{"d":{},"e":[]}}',
    rb'{"s":"\"\\\/\b\f\n\r\t\u0000\u001f\ud83d\ude00\ud83d\uDE00x\ude00","\ud83d":"","\u00e9":1,"e\u0301":2}',
    '{"é":"ünï€😀\u2028\ufffe\U0010ffff","K":1,"k":2,"K":3,"longer than eight bytes":"and \\"longer\\" than sixteen of them"}'.encode(),
    b' { "a" : [ 1 , 2 , [ [ ] ] ] ,\r\n\t"b" : { "c" : { "c" : 1 } } } ',
    b'{"x":' + b"[" * 60 + b"{}" + b"]" * 60 + b"}",
    b'{"x":[0.1,1e5,1E-5,-1.5e+10,9223372036854775807,-9223372036854775808,9223372036854775808,1e-400]}',
]
PIECES = [
    *b'{}[],:"\\\'/ \t\r\n\x00\x1f\x7f\x80\xbf\xc0\xc3\xe2\xed\xf0\xf4\xff0123456789+-.eEtruefalsnbu',
    *rb"\ud83d \ude00 \u0061 \u0000 \" \\ \x 00 01 1. .1 1e 1e+ -0 - NaN Infinity null true tru".split(),
    *["é".encode(), b" ", b"x", b"7"] * 12,
    *[b'"a":1,', b'"\\u0061":1,', b'"a"', b"[1,]", b"{}", b"//", b"\xef\xbb\xbf", b"\xed\xa0\xbd", b"\xc0\x80", b"\xf4\x90\x80\x80"],
]


def is_json_object(text: bytes) -> bool:
    def unique(pairs: list) -> dict:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a name is there twice")
        return dict(pairs)

    def refuse(word: str) -> Any:
        raise ValueError(f"{word} is no JSON")

    try:
        return isinstance(json.loads(text.decode(), object_pairs_hook=unique, parse_constant=refuse), dict)
    except ValueError:
        return False


def mutated(chance: random.Random) -> bytes:
    text = chance.choice(SEEDS)
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        at = chance.randrange(len(text) + 1)
        piece = chance.choice(PIECES)
        piece = bytes([piece]) if isinstance(piece, int) else piece
        text = text[:at] + piece + text[at + chance.choice([0, 0, 0, 1, 2, 6]) :]
    return text


def test_the_same_texts_are_json_to_us_and_to_python(programs: Programs, env: dict) -> None:
    chance = random.Random(8259)
    texts = sorted({mutated(chance) for _ in range(4000)} - {b""})
    expected = [is_json_object(text) for text in texts]
    assert len(texts) // 20 < sum(expected) < len(texts) // 2, "there is enough of both"
    claims = {"sub": people.SUBJECT}
    lines = "\n".join(json.dumps(events.http_api("POST", "/api/ownli/users", text, claims=claims)) for text in texts)
    run = programs.run("user-opt-in", lines, "--stream", env=env)
    codes = [json.loads(json.loads(line)["body"])["error_code"] for line in run.stdout.splitlines()]
    assert set(codes) == {"INVALID_JSON", "CONSENT_REQUIRED"}
    wrong = [text for text, code, is_json in zip(texts, codes, expected) if (code != "INVALID_JSON") != is_json]
    assert (len(codes), wrong) == (len(texts), [])
