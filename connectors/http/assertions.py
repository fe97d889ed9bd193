"""Assertions: a signed word of who wants a token, as JSON Web Tokens (RFC 7519) have it.

Belongs here: private keys, where they are kept, and signing with them. Does not: asking for a token (grants).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from connectors.errors import ConfigError, ConfigKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_SKEW: Final = timedelta(seconds=10)
"""How far ahead of a server's clock ours may be."""


@dataclass(frozen=True, slots=True)
class Key:
    """A private RSA key in PEM, the key of the configuration that gave it, and what its owner calls it."""

    pem: str = field(repr=False)
    written: ConfigKey
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """What a key file of a Google service account holds."""

    email: str
    token_url: str
    key: Key


def assertion(claims: Mapping[str, Any], key: Key, now: datetime, life: timedelta) -> str:
    """Claims, signed with RS256, good from now for so long.

    Raises:
        ConfigError: the key is none.
    """
    # It brings cryptography, which takes longer to import than all else here.
    import jwt

    times = {"iat": int((now - _SKEW).timestamp()), "exp": int((now + life).timestamp())}
    header = {"kid": key.name} if key.name is not None else None
    return jwt.encode({**claims, **times}, _private_key(key), algorithm="RS256", headers=header)


def _private_key(given: Key) -> "RSAPrivateKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(given.pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    # Outside, because the error above may hold the key.
    if isinstance(key, RSAPrivateKey):
        return key
    raise ConfigError(
        given.written,
        " holds no RSA key in PEM without a passphrase. It begins with -----BEGIN PRIVATE KEY-----;"
        " give it whole, with its lines.",
    )


def given_or_kept(given: SecretStr | None, file: str | None, directory: Path, written: ConfigKey) -> str:
    """A secret that is given, or that stands in a file; a relative path starts from the directory.

    Raises:
        ConfigError: the file cannot be read.
    """
    if given is not None:
        return given.get_secret_value()
    path = directory / (file or "")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        refused = "is no text"
    except OSError as error:
        refused = error.strerror or type(error).__name__
    raise ConfigError(f"The key file {path} cannot be read: {refused}. Correct ", written, ", or who may read it.")


def in_lines(pem: str) -> str:
    r"""A key as PEM has it, also where its lines were joined by `\n` to fit into a variable.

    >>> in_lines("-----BEGIN PRIVATE KEY-----\\nMII…\\n-----END PRIVATE KEY-----")
    '-----BEGIN PRIVATE KEY-----\nMII…\n-----END PRIVATE KEY-----'
    """
    return pem if "\n" in pem.strip() else pem.replace("\\n", "\n")


def service_account(content: str, written: ConfigKey) -> ServiceAccount:
    """The account that the JSON of a key file is of.

    Raises:
        ConfigError: it is of none.
    """
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    names = ("client_email", "token_uri", "private_key")
    texts = [document.get(name) for name in names] if isinstance(document, dict) else []
    if not texts or not all(isinstance(text, str) and text for text in texts):
        raise ConfigError(
            written,
            f" holds no JSON with {', '.join(names)}."
            " Give the key file that Google made for the account as it is;"
            " one for a user or a web application is none.",
        )
    email, token_url, pem = map(str, texts)
    name = document.get("private_key_id")
    return ServiceAccount(email, token_url, Key(in_lines(pem), written, str(name) if name else None))
