"""What `scripts/kafka start --secure` adds to the broker: listeners with TLS, with a client's
certificate asked for, and with SASL; a user, a stranger without any right, and all that a client needs
to be either. For tests: everything lies in the broker's folder and goes with it.
"""

import base64
import json
import secrets
import shutil
import subprocess
import time

USER, STRANGER = "closecall", "stranger"
LISTENERS = ("SSL", "SASL_SSL", "SASL_PLAINTEXT")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")
DAYS = "2"
DAY_SECONDS = 86_400
LOGIN = "org.apache.kafka.common.security"


def openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr.strip()[-500:]}")


def certificate(folder, name, subject, *more):
    """A key and a certificate of the folder's authority, or the authority itself."""
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    files = ["-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.pem")]
    openssl("req", "-x509", *curve, *files, "-subj", f"/CN={subject}", "-days", DAYS, *more)


def token(user):
    """A token as the broker takes it where no issuer is configured: unsigned."""
    now = int(time.time())
    parts = [{"alg": "none"}, {"sub": user, "iat": now, "exp": now + DAY_SECONDS}]
    encode = lambda part: base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
    return ".".join([*map(encode, parts), ""])


def make(folder):
    """Certificates, passwords and tokens. Gives what the data folder is formatted with for the users."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    certificate(folder, "ca", "closecall test authority", "-nodes")
    by = ["-CA", str(folder / "ca.pem"), "-CAkey", str(folder / "ca.key")]
    certificate(folder, "server", "broker", "-nodes", "-addext", "subjectAltName=IP:127.0.0.1", *by)
    passwords = {name: secrets.token_hex(16) for name in (USER, STRANGER, "key")}
    certificate(folder, "client", USER, "-passout", f"pass:{passwords['key']}", *by)
    # Of an authority that signed nothing here.
    certificate(folder, "other", "another authority", "-nodes")
    both = (folder / "server.key").read_text() + (folder / "server.pem").read_text()
    (folder / "keystore.pem").write_text(both)
    for name, password in passwords.items():
        (folder / f"{name}.password").write_text(password + "\n")
    for name in (USER, STRANGER):
        (folder / f"{name}.token").write_text(token(name) + "\n")
    return [
        f"--add-scram={mechanism}=[name={name},password={passwords[name]}]"
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
        for name in (USER, STRANGER)
    ]


def properties(folder):
    """The broker's settings beyond those of every broker."""
    password = lambda name: (folder / f"{name}.password").read_text().strip()
    users = " ".join(f'user_{name}="{password(name)}"' for name in (USER, STRANGER))
    lines = [
        "ssl.keystore.type=PEM",
        f"ssl.keystore.location={folder / 'keystore.pem'}",
        "ssl.truststore.type=PEM",
        f"ssl.truststore.location={folder / 'ca.pem'}",
        "listener.name.ssl.ssl.client.auth=required",
        f"sasl.enabled.mechanisms={','.join(MECHANISMS)}",
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        # The broker itself and the tests' own clients come without a name.
        f"super.users=User:ANONYMOUS;User:{USER};User:CN={USER}",
    ]
    for listener in ("sasl_ssl", "sasl_plaintext"):
        prefix = f"listener.name.{listener}"
        lines.append(f"{prefix}.plain.sasl.jaas.config={LOGIN}.plain.PlainLoginModule required {users};")
        for mechanism in ("scram-sha-256", "scram-sha-512"):
            lines.append(f"{prefix}.{mechanism}.sasl.jaas.config={LOGIN}.scram.ScramLoginModule required;")
        lines.append(
            f"{prefix}.oauthbearer.sasl.jaas.config="
            f'{LOGIN}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";'
        )
    return "\n".join(lines) + "\n"


def listeners(ports):
    """Their text in the broker's list of listeners."""
    return "".join(f",{name}://127.0.0.1:{port}" for name, port in ports.items())
