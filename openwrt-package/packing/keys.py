"""Keys and signatures: usign's (the same as signify's) for opkg, those of an EC key for apk.

The arithmetic is that of the program `openssl`. Secret keys stay in files that only their owner
reads.
"""

import base64
import hashlib
import os
import subprocess
import tempfile

COMMENT = "untrusted comment: "
ALGORITHM, NO_PASSWORD = b"Ed", b"BK\0\0\0\0"
# What stands before an Ed25519 key in PKCS #8 and in SubjectPublicKeyInfo (RFC 8410).
SECRET_DER = bytes.fromhex("302e020100300506032b657004220420")
PUBLIC_DER = bytes.fromhex("302a300506032b6570032100")
EC_POINT_SIZE = 65  # of an uncompressed point of prime256v1, the end of its public key


class UnusableKey(Exception):
    """A key that is none, or cannot be used."""


def _openssl(*arguments, data=b""):
    done = subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=False)
    if done.returncode != 0:
        raise UnusableKey(f"openssl {arguments[0]}: {done.stderr.decode().strip()}")
    return done.stdout


def _write_new(path, text, mode):
    """Never over another: a key that is lost cannot be made again."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        os.chmod(path, mode)
        file.write(text)


def _read_usign(path):
    with open(path, encoding="ascii") as file:
        lines = file.read().splitlines()
    try:
        data = base64.b64decode(lines[1], validate=True)
    except (IndexError, ValueError) as error:
        raise UnusableKey(f"{path}: no key of usign") from error
    if not lines[0].startswith(COMMENT) or data[:2] != ALGORITHM:
        raise UnusableKey(f"{path}: no key of usign")
    return data


def _usign_text(comment, *parts):
    return f"{COMMENT}{comment}\n{base64.b64encode(b''.join(parts)).decode()}\n"


class UsignKey:
    """A secret key of usign: Ed25519, with a name of eight bytes that boxes find its other half
    by."""

    def __init__(self, path):
        data = _read_usign(path)
        if len(data) != 104 or data[2:4] != NO_PASSWORD[:2]:
            raise UnusableKey(f"{path}: no secret key of usign")
        if data[4:8] != NO_PASSWORD[2:]:
            raise UnusableKey(f"{path}: has a password, which usign does not know either")
        self.name, secret = data[32:40], data[40:104]
        if hashlib.sha512(secret).digest()[:8] != data[24:32]:
            raise UnusableKey(f"{path}: damaged")
        self.seed, self.public = secret[:32], secret[32:]

    @staticmethod
    def create(path):
        """Writes a new secret key to a file."""
        der = _openssl("genpkey", "-algorithm", "ED25519", "-outform", "DER")
        seed = der[len(SECRET_DER) :]
        public = _public_of(seed)
        name, salt = os.urandom(8), os.urandom(16)
        check = hashlib.sha512(seed + public).digest()[:8]
        secret = (ALGORITHM, NO_PASSWORD, salt, check, name, seed, public)
        _write_new(path, _usign_text(f"private key {name.hex()}", *secret), 0o600)

    def public_text(self):
        """What stands in the file of the public key."""
        return _usign_text(f"public key {self.name.hex()}", ALGORITHM, self.name, self.public)

    def sign(self, data):
        """The text of a signature file for these bytes; always the same."""
        with tempfile.TemporaryDirectory() as folder:
            key, message = os.path.join(folder, "key"), os.path.join(folder, "message")
            _write_new(key, "", 0o600)
            for path, content in ((key, SECRET_DER + self.seed), (message, data)):
                with open(path, "wb") as file:
                    file.write(content)
            arguments = ["-sign", "-rawin", "-in", message, "-inkey", key, "-keyform", "DER"]
            signature = _openssl("pkeyutl", *arguments)
        return _usign_text(f"signed by key {self.name.hex()}", ALGORITHM, self.name, signature)


def _public_of(seed):
    arguments = ["-inform", "DER", "-outform", "DER", "-pubout"]
    return _openssl("pkey", *arguments, data=SECRET_DER + seed)[len(PUBLIC_DER) :]


class EcKey:
    """A secret EC key in PEM, as apk takes it; the curve is prime256v1."""

    def __init__(self, path):
        self.path = path
        public = _openssl("pkey", "-in", path, "-pubout", "-outform", "DER")
        if len(public) != 26 + EC_POINT_SIZE:
            raise UnusableKey(f"{path}: no EC key on the curve prime256v1")
        self.name = hashlib.sha512(public[-EC_POINT_SIZE:]).digest()[:16]

    @staticmethod
    def create(path):
        """Writes a new secret key to a file."""
        secret = _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout")
        _write_new(path, secret.decode(), 0o600)

    def public_text(self):
        """What stands in the file of the public key."""
        return _openssl("pkey", "-in", self.path, "-pubout").decode()

    def sign(self, data):
        """A signature of these bytes with SHA-512; another each time, as EC signatures are."""
        return _openssl("dgst", "-sha512", "-sign", self.path, data=data)


def create_pair(kind, path):
    """Makes a pair of this class: the secret key, and the public one beside it, with `.pub` behind.
    Of a pair that is there it makes what an interrupted run left out."""
    public = path + ".pub"
    if not os.path.exists(path):
        if os.path.exists(public):
            raise UnusableKey(f"{public}: is there without its secret key; put that back, or move it")
        kind.create(path)
    if not os.path.exists(public):
        _write_new(public, kind(path).public_text(), 0o644)
