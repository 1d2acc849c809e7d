"""Whom the functions trust: every bad certificate is a 502 with a log line that says what is wrong with it."""

import datetime
import shutil
import ssl
import subprocess
from pathlib import Path

import people
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from events import http_api
from programs import Programs, Run, bootstrap
from tls_upstream import TOKEN, TLSUpstream

RELAY = http_api("POST", "/api/ownli/token", claims={"sub": people.SUBJECT})
DAY = datetime.timedelta(days=1)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def authority_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def server(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def hashed(certificate: Path, directory: Path) -> Path:
    """A directory as `openssl rehash` makes it, of real files."""
    command = ["openssl", "x509", "-noout", "-subject_hash", "-in", str(certificate)]
    name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    directory.mkdir(exist_ok=True)
    shutil.copy(certificate, directory / f"{name}.0")
    return directory


def relay(programs: Programs, env: dict, url: str, **settings: object) -> Run:
    env = env | {"OWNLI_BASE_URL": url} | {name: str(value) for name, value in settings.items()}
    return programs.run("token-relay", RELAY, env=env)


def assert_refused(run: Run, upstream: TLSUpstream, why: str) -> None:
    assert run.http.outcome == (502, "UPSTREAM_ERROR")
    assert why in run.stderr.decode().lower()
    assert any(line["level"] == "ERROR" for line in run.logs)
    assert why not in run.http.text, "what is wrong is for the log, not for the app"
    assert upstream.requests == 0, "no credentials were sent"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_good_certificate_of_an_authority_in_a_file(
    host: str, authority: trustme.CA, authority_file: Path, programs: Programs, env: dict
) -> None:
    with TLSUpstream(server(authority.issue_cert("127.0.0.1", "localhost"))) as upstream:
        run = relay(programs, env, upstream.url(host), SSL_CERT_FILE=authority_file)
        assert run.http.status == 200 and run.http.json["access_token"] == TOKEN


def test_a_good_certificate_of_an_authority_in_a_hashed_directory(
    authority: trustme.CA, authority_file: Path, programs: Programs, env: dict, tmp_path: Path
) -> None:
    directory = hashed(authority_file, tmp_path / "certs")
    with TLSUpstream(server(authority.issue_cert("127.0.0.1"))) as upstream:
        assert relay(programs, env, upstream.url(), SSL_CERT_DIR=directory).http.status == 200


@pytest.mark.native
def test_the_directory_beside_the_binary_is_trusted(
    authority: trustme.CA, authority_file: Path, programs: Programs, env: dict, tmp_path: Path
) -> None:
    copy = tmp_path / "token-relay"
    copy.mkdir()
    shutil.copy(bootstrap("token-relay"), copy)
    hashed(authority_file, copy / "certs")
    with TLSUpstream(server(authority.issue_cert("127.0.0.1"))) as upstream:
        run = programs.run(copy / "bootstrap", RELAY, env=env | {"OWNLI_BASE_URL": upstream.url()})
        assert run.http.status == 200


def test_an_intermediate_authority_is_followed(
    authority: trustme.CA, authority_file: Path, programs: Programs, env: dict
) -> None:
    leaf = authority.create_child_ca().issue_cert("127.0.0.1")
    with TLSUpstream(server(leaf)) as upstream:
        assert relay(programs, env, upstream.url(), SSL_CERT_FILE=authority_file).http.status == 200


def test_an_unknown_authority_is_refused(authority: trustme.CA, programs: Programs, env: dict) -> None:
    with TLSUpstream(server(authority.issue_cert("127.0.0.1"))) as upstream:
        assert_refused(relay(programs, env, upstream.url()), upstream, "unknown")


def test_another_authority_than_the_one_given_is_refused(authority_file: Path, programs: Programs, env: dict) -> None:
    with TLSUpstream(server(trustme.CA().issue_cert("127.0.0.1"))) as upstream:
        assert_refused(relay(programs, env, upstream.url(), SSL_CERT_FILE=authority_file), upstream, "unknown")


def test_a_self_signed_certificate_is_refused(
    authority_file: Path, programs: Programs, env: dict, tmp_path: Path
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now - DAY, now + DAY)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    pem = tmp_path / "self-signed.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with TLSUpstream(context) as upstream:
        run = relay(programs, env, upstream.url("localhost"), SSL_CERT_FILE=authority_file)
        assert_refused(run, upstream, "self-signed")


def test_an_expired_certificate_is_refused(
    authority: trustme.CA, authority_file: Path, programs: Programs, env: dict
) -> None:
    yesterday = datetime.datetime.now(datetime.timezone.utc) - DAY
    leaf = authority.issue_cert("127.0.0.1", not_before=yesterday - DAY, not_after=yesterday)
    with TLSUpstream(server(leaf)) as upstream:
        assert_refused(relay(programs, env, upstream.url(), SSL_CERT_FILE=authority_file), upstream, "expired")


def test_a_certificate_of_tomorrow_is_refused(
    authority: trustme.CA, authority_file: Path, programs: Programs, env: dict
) -> None:
    tomorrow = datetime.datetime.now(datetime.timezone.utc) + DAY
    leaf = authority.issue_cert("127.0.0.1", not_before=tomorrow, not_after=tomorrow + DAY)
    with TLSUpstream(server(leaf)) as upstream:
        assert_refused(relay(programs, env, upstream.url(), SSL_CERT_FILE=authority_file), upstream, "not valid yet")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_certificate_for_another_host_is_refused(
    host: str, authority: trustme.CA, authority_file: Path, programs: Programs, env: dict
) -> None:
    with TLSUpstream(server(authority.issue_cert("api.example.com"))) as upstream:
        assert_refused(relay(programs, env, upstream.url(host), SSL_CERT_FILE=authority_file), upstream, "host")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_1_1_is_refused(authority: trustme.CA, authority_file: Path, programs: Programs, env: dict) -> None:
    context = server(authority.issue_cert("127.0.0.1"))
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with TLSUpstream(context) as upstream:
        assert_refused(relay(programs, env, upstream.url(), SSL_CERT_FILE=authority_file), upstream, "protocol")


def test_tls_1_2_is_taken(authority: trustme.CA, authority_file: Path, programs: Programs, env: dict) -> None:
    context = server(authority.issue_cert("127.0.0.1"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with TLSUpstream(context) as upstream:
        assert relay(programs, env, upstream.url(), SSL_CERT_FILE=authority_file).http.status == 200


def test_plain_http_on_the_other_side_is_an_upstream_error(
    sandbox, authority_file: Path, programs: Programs, env: dict  # type: ignore[no-untyped-def]
) -> None:
    url = sandbox.url.replace("http:", "https:")
    run = relay(programs, env, url, SSL_CERT_FILE=authority_file)
    assert run.http.outcome == (502, "UPSTREAM_ERROR")


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_a_trust_store_that_is_not_there_is_a_problem_of_the_configuration(
    name: str, programs: Programs, env: dict
) -> None:
    run = relay(programs, env, "https://127.0.0.1:9", **{name: "/nowhere"})
    assert run.exit_code == 2 and name.encode() in run.stderr


def test_a_trust_store_that_is_no_certificate_trusts_nobody(
    authority: trustme.CA, programs: Programs, env: dict, tmp_path: Path
) -> None:
    (tmp_path / "empty.pem").write_text("nothing\n")
    with TLSUpstream(server(authority.issue_cert("127.0.0.1"))) as upstream:
        run = relay(programs, env, upstream.url(), SSL_CERT_FILE=tmp_path / "empty.pem")
        assert run.http.outcome == (502, "UPSTREAM_ERROR")
        assert upstream.requests == 0
