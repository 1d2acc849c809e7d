"""Who calls, when no gateway has said: tokens made by joserfc, and every way in which one may be bad."""

import base64
import hashlib
import hmac
import json
import threading
import time
from pathlib import Path
from typing import Any, Callable, Iterator

import people
import pytest
from events import function_url, http_api, load_balancer, rest_api
from issuer import AUDIENCE, Issuer
from joserfc.jwk import ECKey, RSAKey
from programs import Printed, Programs, Run
from sandbox import Sandbox
from web import Service

PATH = "/api/ownli/token"
SHAPES = {"function-url": function_url, "load-balancer": load_balancer}
REFUSED = (401, "UNAUTHENTICATED")
SERVICE_ACCOUNT = "pusher@shop.iam.gserviceaccount.com"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    yield issuer
    issuer.stop()


@pytest.fixture
def auth_env(env: dict, issuer: Issuer) -> dict:
    return env | issuer.settings


def event(authorization: Any, shape: str = "function-url", path: str = PATH, **options: Any) -> dict:
    event = SHAPES[shape]("POST", path, **options)
    if authorization is not None:
        event["headers"]["authorization"] = authorization
    return event


def relay(programs: Programs, env: dict, token: str, shape: str = "function-url") -> Run:
    run = programs.run("token-relay", event(f"Bearer {token}", shape), env=env)
    if len(token) > 40:
        assert token.encode() not in run.stdout + run.stderr
    return run


def b64(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed_parts(token: str) -> list[str]:
    return token.split(".")


ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


@pytest.mark.parametrize(("algorithm", "shape"), [*((name, "function-url") for name in ALGORITHMS), ("RS256", "load-balancer")])
def test_a_good_token_opens(
    algorithm: str, shape: str, programs: Programs, auth_env: dict, issuer: Issuer, sandbox: Sandbox
) -> None:
    assert relay(programs, auth_env, issuer.token(algorithm=algorithm), shape).http.status == 200
    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]
    assert len(sandbox.calls()) == 1


def hs256_with_the_public_key(issuer: Issuer) -> str:
    text = f"{b64({'alg': 'HS256', 'kid': 'rsa-1'})}.{b64(issuer.claims())}"
    secret = issuer.rsa.as_pem(private=False)
    return f"{text}.{b64(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def unsigned(algorithm: str) -> Callable[[Issuer], str]:
    return lambda issuer: f"{b64({'alg': algorithm, 'kid': 'rsa-1'})}.{b64(issuer.claims())}."


def with_claims(**changes: Any) -> Callable[[Issuer], str]:
    return lambda issuer: issuer.token(issuer.claims(**changes))


def with_header(**header: Any) -> Callable[[Issuer], str]:
    return lambda issuer: issuer.token(header=header)


def with_signature(make: Callable[[bytes], bytes], algorithm: str = "RS256") -> Callable[[Issuer], str]:
    def token(issuer: Issuer) -> str:
        header, payload, signature = issuer.token(algorithm=algorithm).split(".")
        return f"{header}.{payload}.{b64(make(base64.urlsafe_b64decode(signature + '==')))}"

    return token


def der(signature: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    half = len(signature) // 2
    return encode_dss_signature(int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))


def under_header(algorithm: str, of: str, **header: Any) -> Callable[[Issuer], str]:
    """Signed by the issuer, as one algorithm has it, under a header that names another."""

    def token(issuer: Issuer) -> str:
        key = issuer.keys.get(of) or issuer.keys[of[:2]]
        text = f"{b64({'alg': algorithm, 'kid': key.as_dict()['kid']} | header)}.{b64(issuer.claims())}"
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, padding
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

        digest = {"256": hashes.SHA256(), "384": hashes.SHA384()}[of[2:]]
        if of.startswith("ES"):
            size = (key.private_key.key_size + 7) // 8
            numbers = decode_dss_signature(key.private_key.sign(text.encode(), ec.ECDSA(digest)))
            signature = b"".join(number.to_bytes(size, "big") for number in numbers)
        else:
            pad = padding.PKCS1v15() if of[0] == "R" else padding.PSS(padding.MGF1(digest), digest.digest_size)
            signature = key.private_key.sign(text.encode(), pad, digest)
        return f"{text}.{b64(signature)}"

    return token


def pss_with_salt(length: int) -> Callable[[Issuer], str]:
    def token(issuer: Issuer) -> str:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        text = f"{b64({'alg': 'PS256', 'kid': 'rsa-1'})}.{b64(issuer.claims())}"
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), length)
        return f"{text}.{b64(issuer.rsa.private_key.sign(text.encode(), pss, hashes.SHA256()))}"

    return token


def own_key(name: str) -> Callable[[Issuer], str]:
    """Signed with a key of the sender's own, which the header brings along or points to."""

    def token(issuer: Issuer) -> str:
        key = RSAKey.generate_key(2048, {"kid": "rsa-1"})
        values = {"jwk": key.as_dict(private=False), "jku": f"{issuer.url}/mine", "x5u": f"{issuer.url}/mine"}
        parts = [b64({"alg": "RS256", "kid": "rsa-1", name: values[name]}), b64(issuer.claims())]
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        signature = key.private_key.sign(".".join(parts).encode(), padding.PKCS1v15(), hashes.SHA256())
        return ".".join([*parts, b64(signature)])

    return token


def soon(seconds: int) -> int:
    return int(time.time()) + seconds


BAD_TOKENS: dict[str, Callable[[Issuer], str]] = {
    "alg none": unsigned("none"),
    "alg None": unsigned("None"),
    "alg NONE": unsigned("NONE"),
    "HS256 with the public key as secret": hs256_with_the_public_key,
    "RS256 that names an EC key": with_header(kid="ec-1"),
    "ES256 that names an RSA key": lambda issuer: issuer.token(algorithm="ES256", header={"kid": "rsa-1"}),
    "kid unknown": with_header(kid="rsa-2"),
    "kid with ../": with_header(kid="../../etc/passwd"),
    "kid with SQL": with_header(kid="' OR 1=1 --"),
    "jwk in the header": own_key("jwk"),
    "jku in the header": own_key("jku"),
    "x5u in the header": own_key("x5u"),
    "another issuer": with_claims(iss="https://evil.example"),
    "issuer with a slash more": lambda issuer: issuer.token(issuer.claims(iss=issuer.url + "/")),
    "no issuer": with_claims(iss=None),
    "another audience": with_claims(aud="somebody"),
    "audience in an array": with_claims(aud=["somebody", AUDIENCE.upper()]),
    "audience empty": with_claims(aud=[]),
    "no audience": with_claims(aud=None),
    "expired": lambda issuer: issuer.token(issuer.claims(exp=soon(-120))),
    "nbf ahead": lambda issuer: issuer.token(issuer.claims(nbf=soon(600))),
    "iat far ahead": lambda issuer: issuer.token(issuer.claims(iat=soon(600))),
    "exp missing": with_claims(exp=None),
    "expired, with a fraction": lambda issuer: issuer.token(issuer.claims(exp=time.time() - 120.5)),
    "nbf ahead, with a fraction": lambda issuer: issuer.token(issuer.claims(nbf=time.time() + 600.5)),
    "exp a string": lambda issuer: issuer.token(issuer.claims(exp=str(soon(300)))),
    "exp negative beyond reason": with_claims(exp=-(2**63)),
    "sub missing": with_claims(sub=None),
    "sub empty": with_claims(sub=""),
    "sub a number": with_claims(sub=1),
    "signature truncated": with_signature(lambda signature: signature[:-1]),
    "signature changed": with_signature(lambda signature: signature[:-1] + bytes([signature[-1] ^ 1])),
    "signature empty": with_signature(lambda signature: b""),
    "ES256 in DER form": with_signature(der, "ES256"),
    "ES256 with r zero": with_signature(lambda signature: bytes(32) + signature[32:], "ES256"),
    "ES256 with s zero": with_signature(lambda signature: signature[:32] + bytes(32), "ES256"),
    "ES384 in DER form": with_signature(der, "ES384"),
    "ES384 with r zero": with_signature(lambda signature: bytes(48) + signature[48:], "ES384"),
    "ES512 with s zero": with_signature(lambda signature: signature[:66] + bytes(66), "ES512"),
    "EdDSA changed": with_signature(lambda signature: signature[:-1] + bytes([signature[-1] ^ 1]), "EdDSA"),
    "EdDSA all zero": with_signature(lambda signature: bytes(64), "EdDSA"),
    "EdDSA truncated": with_signature(lambda signature: signature[:32], "EdDSA"),
    "RS256 called PS256": under_header("PS256", of="RS256"),
    "PS256 called RS256": under_header("RS256", of="PS256"),
    "RS256 called RS384": under_header("RS384", of="RS256"),
    "ES256 called ES384": under_header("ES384", of="ES256"),
    "ES384 called ES256": under_header("ES256", of="ES384"),
    "ES384 that names a P-256 key": under_header("ES384", of="ES384", kid="ec-1"),
    "EdDSA that names an RSA key": under_header("EdDSA", of="RS256"),
    "PS256 without salt": pss_with_salt(0),
    "PS256 with a longer salt": pss_with_salt(64),
    "ES256 all zero": with_signature(lambda signature: bytes(64), "ES256"),
    "payload no JSON": lambda issuer: issuer.token(b"hello"),
    "payload an array": lambda issuer: issuer.token([1]),
    "header no JSON": lambda issuer: ".".join([b64(b"hello"), *signed_parts(issuer.token())[1:]]),
    "five parts": lambda issuer: issuer.token() + ".a.b",
    "two parts": lambda issuer: ".".join(signed_parts(issuer.token())[:2]),
    "padding": lambda issuer: issuer.token() + "==",
    "standard base64": lambda issuer: issuer.token()[:-4] + "+/+/",
    "100 kB": lambda issuer: issuer.token(issuer.claims(filler="a" * 100_000)),
    "no token": lambda issuer: "",
    "two words": lambda issuer: issuer.token() + " more",
}


@pytest.mark.parametrize("case", BAD_TOKENS)
def test_a_bad_token_opens_nothing(
    case: str, programs: Programs, auth_env: dict, issuer: Issuer, sandbox: Sandbox
) -> None:
    run = relay(programs, auth_env, BAD_TOKENS[case](issuer))
    assert run.http.outcome == REFUSED
    assert run.http.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    (refusal,) = [line for line in run.logs if line["message"].startswith("refused")]
    assert refusal["detail"]
    assert sandbox.calls() == []
    assert "/mine" not in issuer.asked


def test_critical_extensions_are_refused(
    programs: Programs, auth_env: dict, issuer: Issuer, sandbox: Sandbox
) -> None:
    token = ".".join([b64({"alg": "RS256", "kid": "rsa-1", "crit": ["b64"]}), *signed_parts(issuer.token())[1:]])
    run = relay(programs, auth_env, token)
    assert run.http.outcome == REFUSED
    assert any("crit" in line.get("detail", "") for line in run.logs)
    assert issuer.asked == sandbox.calls() == []


def test_one_audience_of_several_is_enough(programs: Programs, auth_env: dict, issuer: Issuer) -> None:
    assert relay(programs, auth_env, issuer.token(issuer.claims(aud=["x", AUDIENCE]))).http.status == 200


def test_clocks_may_differ_a_little(programs: Programs, auth_env: dict, issuer: Issuer) -> None:
    claims = issuer.claims(exp=soon(-30), nbf=soon(30), iat=soon(30))
    assert relay(programs, auth_env, issuer.token(claims)).http.status == 200


@pytest.mark.parametrize(("keys", "outcome"), [(1, 200), (2, 401)])
def test_without_a_kid_there_must_be_one_key(
    keys: int, outcome: int, programs: Programs, auth_env: dict, issuer: Issuer
) -> None:
    issuer.served = issuer.key_set(*[issuer.rsa, RSAKey.generate_key(2048, {"kid": "rsa-2"})][:keys], issuer.ec)
    assert relay(programs, auth_env, issuer.token(header={"kid": None})).http.status == outcome


def without(key: Any, *names: str) -> dict:
    return {name: value for name, value in key.as_dict(private=False).items() if name not in names}


KEY_SETS: dict[str, Callable[[Issuer], list]] = {
    "the key twice": lambda issuer: [issuer.rsa.as_dict(private=False)] * 2,
    "the key twice, once for one algorithm": lambda issuer: [
        issuer.rsa.as_dict(private=False),
        issuer.rsa.as_dict(private=False) | {"alg": "RS256", "use": "sig"},
    ],
    "another key of that name behind it": lambda issuer: [
        issuer.rsa.as_dict(private=False),
        RSAKey.generate_key(2048, {"kid": "rsa-1"}).as_dict(private=False),
    ],
    "another key of that name before it": lambda issuer: [
        RSAKey.generate_key(2048, {"kid": "rsa-1"}).as_dict(private=False),
        issuer.rsa.as_dict(private=False),
    ],
    "one key without a name": lambda issuer: [without(issuer.rsa, "kid")],
    "one key without a name, and others of other types": lambda issuer: [
        without(issuer.rsa, "kid"),
        without(issuer.ec, "kid"),
    ],
    "a null for everything that may be left out": lambda issuer: [
        issuer.rsa.as_dict(private=False) | {"use": None, "alg": None, "key_ops": None},
        without(issuer.ec, "kid") | {"use": None, "kid": None},
    ],
}


@pytest.mark.parametrize("case", KEY_SETS)
def test_a_known_key_verifies_whatever_is_beside_it(
    case: str, programs: Programs, auth_env: dict, issuer: Issuer
) -> None:
    issuer.served = {"keys": KEY_SETS[case](issuer)}
    assert relay(programs, auth_env, issuer.token()).http.status == 200


def test_keys_without_a_name_are_not_tried_one_by_one(programs: Programs, auth_env: dict, issuer: Issuer) -> None:
    other = RSAKey.generate_key(2048, {"kid": "rsa-2"})
    issuer.served = {"keys": [without(issuer.rsa, "kid"), without(other, "kid")]}
    assert relay(programs, auth_env, issuer.token()).http.outcome == REFUSED


@pytest.mark.parametrize(("kept_to", "status"), [("RS256", 401), ("PS256", 200), (None, 200)])
def test_a_key_is_used_for_the_algorithm_that_it_is_for(
    kept_to: Any, status: int, programs: Programs, auth_env: dict, issuer: Issuer
) -> None:
    issuer.served = {"keys": [issuer.rsa.as_dict(private=False) | {"alg": kept_to}]}
    assert relay(programs, auth_env, issuer.token(algorithm="PS256")).http.status == status


def test_times_may_have_a_fraction(programs: Programs, auth_env: dict, issuer: Issuer) -> None:
    now = time.time()
    claims = issuer.claims(exp=now + 300.5, nbf=now - 0.25, iat=now - 0.75)
    assert relay(programs, auth_env, issuer.token(claims)).http.status == 200


COGNITO = {"token_use": "access", "client_id": "1example23456789", "username": "ada", "aud": None}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 200),
        ({"client_id": "another"}, 401),
        ({"token_use": "id"}, 401),
        ({"token_use": None}, 401),
        ({"aud": "somebody"}, 401),
        # A client that got the token for itself.
        ({"sub": "1example23456789", "username": None}, 401),
    ],
)
@pytest.mark.parametrize("audience", [True, False])
def test_cognito_s_access_tokens_are_for_the_client_that_they_name(
    audience: bool, changes: dict, status: int, programs: Programs, auth_env: dict, issuer: Issuer
) -> None:
    if not audience:
        del auth_env["AUTH_AUDIENCE"]
    auth_env["AUTH_CLIENT_ID"] = "other, 1example23456789"
    token = issuer.token(issuer.claims(**(COGNITO | changes)))
    assert relay(programs, auth_env, token).http.status == status


def test_without_the_setting_a_token_without_an_audience_is_for_nobody(
    programs: Programs, auth_env: dict, issuer: Issuer
) -> None:
    assert relay(programs, auth_env, issuer.token(issuer.claims(**COGNITO))).http.outcome == REFUSED


def test_weak_keys_are_not_used(programs: Programs, auth_env: dict, issuer: Issuer) -> None:
    weak = RSAKey.generate_key(1024, {"kid": "weak"})
    issuer.served = issuer.key_set(issuer.rsa, weak)
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    text = f"{b64({'alg': 'RS256', 'kid': 'weak'})}.{b64(issuer.claims())}"
    signature = weak.private_key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    assert relay(programs, auth_env, f"{text}.{b64(signature)}").http.outcome == REFUSED


def test_good_keys_are_found_among_unusable_ones(programs: Programs, auth_env: dict, issuer: Issuer) -> None:
    odd = [None, 1, {}, {"kty": "RSA"}, {"kty": "RSA", "n": "AA", "e": "AQAB"}, {"kty": "oct", "k": "AAAA"}]
    odd += [ECKey.generate_key("P-384", {"kid": "rsa-1"}).as_dict(private=False)]
    odd += [{"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43, "kid": "ec-1"}]
    odd += [issuer.rsa.as_dict(private=False) | {"use": "enc"}]
    issuer.served = {"keys": odd + issuer.key_set(issuer.rsa, issuer.ec)["keys"]}
    for algorithm in ["RS256", "ES256"]:
        assert relay(programs, auth_env, issuer.token(algorithm=algorithm)).http.status == 200


@pytest.mark.parametrize("served", ["<html>maintenance</html>", "", {}, {"keys": []}, [], 500, 404, 302])
def test_without_any_keys_it_is_our_side_that_fails(
    served: Any, programs: Programs, auth_env: dict, issuer: Issuer, sandbox: Sandbox
) -> None:
    issuer.served = served
    run = relay(programs, auth_env, issuer.token())
    assert run.http.outcome == (503, "IDENTITY_UNAVAILABLE")
    assert run.http.headers["retry-after"]
    assert sandbox.calls() == []


def test_a_slow_issuer_is_not_waited_for_without_end(programs: Programs, auth_env: dict, issuer: Issuer) -> None:
    issuer.served = 60.0
    assert relay(programs, auth_env, issuer.token()).http.outcome == (503, "IDENTITY_UNAVAILABLE")


@pytest.mark.parametrize("metadata", [{}, {"issuer": "https://evil.example", "jwks_uri": "https://evil.example/keys"}])
def test_metadata_of_another_issuer_is_not_believed(
    metadata: dict, programs: Programs, auth_env: dict, issuer: Issuer
) -> None:
    issuer.metadata = metadata
    assert relay(programs, auth_env, issuer.token()).http.status == 503
    assert "/keys" not in issuer.asked


def test_keys_are_not_taken_over_plain_http(programs: Programs, auth_env: dict, issuer: Issuer) -> None:
    issuer.metadata["jwks_uri"] = "http://keys.example/"
    assert relay(programs, auth_env, issuer.token()).http.status == 503


def stream(programs: Programs, env: dict, *tokens: str) -> list[int]:
    lines = "\n".join(json.dumps(event(f"Bearer {token}")) for token in tokens)
    run = programs.run("token-relay", lines, "--stream", env=env)
    return [json.loads(line)["statusCode"] for line in run.stdout.splitlines()]


def test_made_up_kids_make_no_storm(programs: Programs, auth_env: dict, issuer: Issuer) -> None:
    tokens = [issuer.token(), *(issuer.token(header={"kid": f"x{number}"}) for number in range(20)), issuer.token()]
    assert stream(programs, auth_env, *tokens) == [200, *[401] * 20, 200]
    assert issuer.asked.count("/keys") == 2


def call(service: Service, token: str) -> int:
    head = f"POST {PATH} HTTP/1.1\r\nHost: relay.example\r\nAuthorization: Bearer {token}\r\n"
    (answer,) = service.exchange((head + "Content-Length: 0\r\nConnection: close\r\n\r\n").encode())
    return answer.status


def asks(issuer: Issuer, count: int) -> bool:
    end = time.monotonic() + 20
    while len(issuer.asked) < count and time.monotonic() < end:
        time.sleep(0.005)
    return len(issuer.asked) >= count


def test_while_the_issuer_is_slow_known_keys_go_on_verifying(
    printed: Printed, tmp_path: Path, auth_env: dict, issuer: Issuer
) -> None:
    with Service("token-relay", auth_env, printed, tmp_path) as service:
        assert call(service, issuer.token()) == 200
        before = len(issuer.asked)
        issuer.answering.clear()
        outcomes: list[int] = []
        made_up = [issuer.token(header={"kid": f"x{number}"}) for number in range(20)]
        threads = [threading.Thread(target=lambda t=token: outcomes.append(call(service, t))) for token in made_up]
        for thread in threads:
            thread.start()
        assert asks(issuer, before + 1)
        # Whoever has a key that is there waits neither for the issuer nor for those who do.
        for algorithm in ["RS256", "ES256"]:
            assert call(service, issuer.token(algorithm=algorithm)) == 200
        assert outcomes == []
        issuer.answering.set()
        for thread in threads:
            thread.join()
        assert outcomes == [401] * 20
        # One at a time, and then none for a while.
        assert issuer.asked.count("/keys") == 2
        assert call(service, issuer.token(header={"kid": "x"})) == 401
        assert issuer.asked.count("/keys") == 2


def test_somebody_with_a_made_up_kid_does_not_wait_without_end(
    printed: Printed, tmp_path: Path, auth_env: dict, issuer: Issuer
) -> None:
    with Service("token-relay", auth_env, printed, tmp_path) as service:
        assert call(service, issuer.token()) == 200
        issuer.answering.clear()
        assert call(service, issuer.token(header={"kid": "x"})) == 401
        assert not issuer.answering.is_set()
        assert call(service, issuer.token()) == 200


@pytest.mark.parametrize(
    "authorization", [None, "Basic dXNlcjpwYXNzd29yZA==", "Bearerx a.b.c", "Digest a=b", ""]
)
def test_without_a_token_nobody_calls(
    authorization: Any, programs: Programs, auth_env: dict, issuer: Issuer, sandbox: Sandbox
) -> None:
    run = programs.run("token-relay", event(authorization), env=auth_env)
    assert run.http.outcome == REFUSED
    assert run.http.headers["www-authenticate"] == "Bearer"
    assert issuer.asked == sandbox.calls() == []


def test_the_scheme_knows_no_case(programs: Programs, auth_env: dict, issuer: Issuer) -> None:
    assert programs.run("token-relay", event(f"bearer {issuer.token()}"), env=auth_env).http.status == 200


def test_two_tokens_are_none(programs: Programs, auth_env: dict, issuer: Issuer, sandbox: Sandbox) -> None:
    both = load_balancer("POST", PATH, multi_value=True)
    both["multiValueHeaders"]["authorization"] = [f"Bearer {issuer.token()}"] * 2
    assert programs.run("token-relay", both, env=auth_env).http.outcome == REFUSED
    assert issuer.asked == sandbox.calls() == []


def test_a_gateway_s_word_stands(programs: Programs, auth_env: dict, issuer: Issuer) -> None:
    known = event("Bearer nonsense", claims={"sub": people.SUBJECT})
    assert programs.run("token-relay", known, env=auth_env).http.status == 200
    assert issuer.asked == []


def test_without_an_issuer_a_token_says_nothing(programs: Programs, env: dict, issuer: Issuer) -> None:
    assert relay(programs, env, issuer.token()).http.outcome == REFUSED


USERINFO = {"iss": "https://id.example", "sub": people.SUBJECT}


@pytest.mark.parametrize("padding", ["", "=", "=="])
@pytest.mark.parametrize(("trusted", "status"), [(True, 200), (False, 401)])
def test_the_gateway_s_header_counts_where_it_is_trusted(
    trusted: bool, status: int, padding: str, programs: Programs, env: dict
) -> None:
    if trusted:
        env["AUTH_GATEWAY_HEADER"] = "x-apigateway-api-userinfo"
    told = event("Bearer the-gateway-s-own")
    told["headers"]["x-apigateway-api-userinfo"] = b64(USERINFO) + padding
    assert programs.run("token-relay", told, env=env).http.status == status


@pytest.mark.parametrize("value", ["", "!!", b64([1]), b64({}), b64({"sub": ""})])
def test_a_broken_gateway_header_is_refused(value: str, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    env["AUTH_GATEWAY_HEADER"] = "x-apigateway-api-userinfo"
    told = event(None)
    told["headers"]["x-apigateway-api-userinfo"] = value
    assert programs.run("token-relay", told, env=env).http.outcome == REFUSED
    assert sandbox.calls() == []


def test_every_wrong_setting_is_named_at_once(programs: Programs, env: dict) -> None:
    wrong = {"AUTH_ISSUER": "http://id.example", "AUTH_JWKS_URL": "ftp://x", "AUTH_GATEWAY_HEADER": "x-user"}
    run = programs.run("token-relay", event(None), env=env | wrong)
    assert run.exit_code == 2
    for name in [b"AUTH_AUDIENCE", b"AUTH_JWKS_URL", b"AUTH_GATEWAY_HEADER"]:
        assert name + b":" in run.stderr
    for name, value in [("AUTH_AUDIENCE", "a"), ("AUTH_CLIENT_ID", "a"), ("AUTH_KEYS_STALE_HOURS", "1")]:
        run = programs.run("token-relay", event(None), env=env | {name: value})
        assert (run.exit_code, name.encode() + b": means nothing" in run.stderr) == (2, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("AUTH_KEYS_STALE_HOURS", value) for value in ["-1", "169", "1.5", "1h", "99999999999999999999"]),
        *(("AUTH_SUBJECT_CLAIM", value) for value in ["email", "iss", "two words"]),
    ],
)
def test_a_setting_that_cannot_be_meant_stops_the_start(
    name: str, value: str, programs: Programs, auth_env: dict
) -> None:
    run = programs.run("token-relay", event(None), env=auth_env | {name: value})
    assert (run.exit_code, name.encode() + b": expected" in run.stderr) == (2, True)


@pytest.mark.parametrize("hours", ["0", "168"])
def test_the_hours_may_be_none(hours: str, programs: Programs, auth_env: dict, issuer: Issuer) -> None:
    env = auth_env | {"AUTH_KEYS_STALE_HOURS": hours}
    assert relay(programs, env, issuer.token()).http.status == 200


def test_check_asks_the_issuer(programs: Programs, auth_env: dict, issuer: Issuer) -> None:
    run = programs.run("token-relay", None, "--check", env=auth_env)
    assert (run.exit_code, b"ok      the issuer" in run.stdout) == (0, True)
    issuer.served = 500
    assert programs.run("token-relay", None, "--check", env=auth_env).exit_code == 1


# Services: what Google signs for a service account, and Pub/Sub brings along.


@pytest.fixture
def google_env(env: dict, issuer: Issuer) -> dict:
    return env | {
        "AUTH_ISSUER": "https://accounts.google.com",
        "AUTH_JWKS_URL": f"{issuer.url}/keys",
        "AUTH_AUDIENCE": AUDIENCE,
        "REWARD_ALLOWED_CALLERS": f"{people.SERVICE}, {SERVICE_ACCOUNT}",
    }


def google_token(issuer: Issuer, **changes: Any) -> str:
    identity = {"iss": "https://accounts.google.com", "email": SERVICE_ACCOUNT, "email_verified": True}
    return issuer.token(issuer.claims(**(identity | changes)))


def push(data: Any) -> dict:
    encoded = base64.b64encode(json.dumps(data).encode()).decode()
    return {"message": {"data": encoded, "messageId": "m-1", "attributes": {}}, "subscription": "projects/p/s"}


def order(sandbox: Sandbox, **changes: Any) -> dict:
    return {
        "userId": sandbox.create_user(),
        "amount": 25.10,
        "actionCode": "device-purchase",
        "clientReference": "order-1",
    } | changes


def granting(programs: Programs, env: dict, token: str, body: Any, path: str = "/pubsub/rewards") -> Run:
    return programs.run("reward-grant", event(f"Bearer {token}", path=path, body=body), env=env)


def test_a_pushed_message_is_granted_and_acknowledged(
    programs: Programs, google_env: dict, issuer: Issuer, sandbox: Sandbox
) -> None:
    run = granting(programs, google_env, google_token(issuer), push(order(sandbox)))
    assert (run.http.status, run.http.text) == (204, "")
    assert len(sandbox.calls("POST /api/rewards/grant")) == 1


def test_a_service_account_may_ask_over_http(
    programs: Programs, google_env: dict, issuer: Issuer, sandbox: Sandbox
) -> None:
    path = "/api/ownli/rewards/grant"
    assert granting(programs, google_env, google_token(issuer), order(sandbox), path).http.status == 200


@pytest.mark.parametrize("changes", [{"amount": 1000}, {"amount": None}, {"userId": "XT_USRnobody"}])
def test_a_permanent_failure_is_not_acknowledged(
    changes: dict, programs: Programs, google_env: dict, issuer: Issuer, sandbox: Sandbox
) -> None:
    run = granting(programs, google_env, google_token(issuer), push(order(sandbox, **changes)))
    assert run.http.status >= 400


@pytest.mark.parametrize("body", [{}, {"message": {}}, {"message": {"data": "!", "messageId": "m"}}, push([])])
def test_what_is_no_pushed_order_is_refused(
    body: dict, programs: Programs, google_env: dict, issuer: Issuer, sandbox: Sandbox
) -> None:
    assert granting(programs, google_env, google_token(issuer), body).http.status == 400
    assert sandbox.calls() == []


@pytest.mark.parametrize("path", ["/pubsub/rewards", "/api/ownli/rewards/grant"])
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"email": "other@shop.iam.gserviceaccount.com"}, 403),
        ({"email": "person@gmail.example"}, 403),
        ({"email": None}, 401),
        ({"email_verified": False}, 401),
        ({"email_verified": None}, 401),
        ({"email_verified": "yes"}, 401),
        ({"email": SERVICE_ACCOUNT.upper()}, 403),
        ({"sub": SERVICE_ACCOUNT, "email": None}, 401),
        ({"aud": "another"}, 401),
    ],
)
def test_nobody_else_grants(
    changes: dict, status: int, path: str, programs: Programs, google_env: dict, issuer: Issuer, sandbox: Sandbox
) -> None:
    assert granting(programs, google_env, google_token(issuer, **changes), {}, path).http.status == status
    assert sandbox.calls() == []


def test_a_person_of_another_issuer_cannot_pose_as_a_service(
    programs: Programs, google_env: dict, issuer: Issuer, sandbox: Sandbox
) -> None:
    env = google_env | {"AUTH_ISSUER": issuer.url}
    token = google_token(issuer, iss=issuer.url)
    assert granting(programs, env, token, {}).http.outcome == (403, "FORBIDDEN")
    assert sandbox.calls() == []


def test_a_service_is_no_person(programs: Programs, google_env: dict, issuer: Issuer, sandbox: Sandbox) -> None:
    assert relay(programs, google_env, google_token(issuer)).http.outcome == REFUSED
    assert sandbox.calls() == []


# Who is a person, by whichever way they come. The unit tests have every cell of the table.

GOOGLE = "https://accounts.google.com"
NOT_PEOPLE: dict[str, dict] = {
    "a service account": {"iss": GOOGLE, "sub": "1", "azp": "1", "email": SERVICE_ACCOUNT, "email_verified": "true"},
    "a service account without its address": {"iss": GOOGLE, "sub": "1", "azp": "1"},
    "a service account, by Google's other name": {"iss": "accounts.google.com", "sub": "1"},
    "a client of Cognito's": {"iss": "https://cognito.example", "sub": "c", "client_id": "c", "token_use": "access"},
    "a cluster's workload": {"iss": "https://cluster.example", "sub": "system:serviceaccount:shop:pusher"},
    "a service account that signs for itself": {"iss": SERVICE_ACCOUNT, "sub": "u"},
    "an empty subject": {"iss": "https://id.example", "sub": ""},
}
ADA_AT_GOOGLE = {"iss": GOOGLE, "sub": people.SUBJECT, "azp": "1.apps.googleusercontent.com", "email": "ada@gmail.example"}


def rest_lambda(fields: dict) -> dict:
    told = rest_api("POST", PATH)
    told["requestContext"]["authorizer"] = {"principalId": "user", "integrationLatency": 7} | fields
    return told


def http_lambda(fields: dict) -> dict:
    told = http_api("POST", PATH)
    told["requestContext"]["authorizer"] = {"lambda": fields}
    return told


def google_gateway(claims: dict) -> dict:
    told = event(None)
    told["headers"]["x-apigateway-api-userinfo"] = b64(claims)
    return told


WAYS: dict[str, Callable[[dict], dict]] = {
    "HTTP API, JWT": lambda claims: http_api("POST", PATH, claims=claims),
    "HTTP API, Lambda": http_lambda,
    "REST API, Cognito": lambda claims: rest_api("POST", PATH, claims=claims),
    "REST API, Lambda": rest_lambda,
    "Google's gateway": google_gateway,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", NOT_PEOPLE)
def test_no_workload_is_a_person(case: str, way: str, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    env["AUTH_GATEWAY_HEADER"] = "x-apigateway-api-userinfo"
    assert programs.run("token-relay", WAYS[way](NOT_PEOPLE[case]), env=env).http.outcome == REFUSED
    assert sandbox.calls() == []


@pytest.mark.parametrize("way", WAYS)
def test_who_signs_in_with_google_is_a_person(way: str, programs: Programs, env: dict) -> None:
    env["AUTH_GATEWAY_HEADER"] = "x-apigateway-api-userinfo"
    assert programs.run("token-relay", WAYS[way](ADA_AT_GOOGLE), env=env).http.status == 200


@pytest.mark.parametrize("changes", [{"email": None}, {"email": ""}, {"email": SERVICE_ACCOUNT, "email_verified": False}])
def test_google_s_token_without_an_address_is_nobody_s(
    changes: dict, programs: Programs, google_env: dict, issuer: Issuer, sandbox: Sandbox
) -> None:
    assert relay(programs, google_env, google_token(issuer, **changes)).http.outcome == REFUSED
    person = google_token(issuer, email="ada@gmail.example")
    assert relay(programs, google_env, person).http.status == 200
    assert len(sandbox.calls()) == 1


def test_a_principal_that_all_share_is_nobody(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    run = programs.run("token-relay", rest_lambda({}), env=env)
    assert run.http.outcome == REFUSED
    assert any("AUTH_SUBJECT_CLAIM" in line.get("detail", "") for line in run.logs)
    assert sandbox.calls() == []


@pytest.mark.parametrize(
    ("claim", "status"), [("principalId", 200), ("userId", 200), ("https://shop.example/id", 200), ("oid", 401)]
)
def test_the_subject_is_the_field_that_the_setting_names(
    claim: str, status: int, programs: Programs, env: dict
) -> None:
    told = rest_lambda({"sub": "s", "userId": 42, "https://shop.example/id": people.SUBJECT})
    assert programs.run("token-relay", told, env=env | {"AUTH_SUBJECT_CLAIM": claim}).http.status == status


def test_an_authorizer_that_names_nobody_leaves_it_to_the_token(
    programs: Programs, auth_env: dict, issuer: Issuer
) -> None:
    told = rest_lambda({})
    told["headers"]["Authorization"] = f"Bearer {issuer.token()}"
    del told["multiValueHeaders"]
    assert programs.run("token-relay", told, env=auth_env).http.status == 200


def test_the_setting_holds_for_tokens_too(programs: Programs, auth_env: dict, issuer: Issuer) -> None:
    env = auth_env | {"AUTH_SUBJECT_CLAIM": "oid"}
    assert relay(programs, env, issuer.token()).http.outcome == REFUSED
    assert relay(programs, env, issuer.token(issuer.claims(oid="o", sub=None))).http.status == 200


@pytest.mark.parametrize("way", ["HTTP API, JWT", "REST API, Cognito"])
def test_a_service_account_may_come_through_a_gateway(
    way: str, programs: Programs, google_env: dict, sandbox: Sandbox
) -> None:
    told = WAYS[way](NOT_PEOPLE["a service account"])
    body = json.dumps(order(sandbox))
    told |= {"body": body, "path": "/api/ownli/rewards/grant", "rawPath": "/api/ownli/rewards/grant"}
    assert programs.run("reward-grant", told, env=google_env).http.status == 200


def test_whom_an_identity_pool_lends_its_role_is_no_service(
    programs: Programs, env: dict, sandbox: Sandbox
) -> None:
    told = http_api("POST", "/api/ownli/rewards/grant", order(sandbox), service=people.SERVICE)
    assert programs.run("reward-grant", told, env=env).http.status == 200
    iam = told["requestContext"]["authorizer"]["iam"]
    iam["cognitoIdentity"] = {"amr": ["unauthenticated"], "identityId": "us-east-1:1", "identityPoolId": "us-east-1:2"}
    assert programs.run("reward-grant", told, env=env).http.outcome == REFUSED
