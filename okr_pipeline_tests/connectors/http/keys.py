"""RSA keys for tests, as their owners keep them."""

import json
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@dataclass(frozen=True)
class KeyPair:
    """Both halves in PEM."""

    private: str
    public: str

    def key_file(self, token_url: str, email: str = "okr@project.iam.gserviceaccount.com", **changes: object) -> str:
        """What Google's console would make of it."""
        document = {
            "type": "service_account", "project_id": "project", "private_key_id": "key-1", "private_key": self.private,
            "client_email": email, "client_id": "1", "auth_uri": "https://accounts.google.com/o/oauth2/auth", "token_uri": token_url,
        }  # fmt: skip
        return json.dumps({name: value for name, value in {**document, **changes}.items() if value is not None})


@cache
def key_pair(name: str = "ours") -> KeyPair:
    """A pair, the same for a name as long as the tests run."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return KeyPair(private.decode(), public.decode())
