"""S3, Google Cloud Storage and Azure: how each is spoken to through fsspec, and what its errors mean.

Belongs here: one `Provider` each. Does not: which object is meant, caps, deadlines (`buckets`).

What speaks to a provider is imported when its bucket is opened: each package takes a second.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, cast

from connectors.errors import AuthError, ConfigError, ConnectorError, DataError, Said, TransientError, source_key
from connectors.files.logins import AzureLogin, GcsLogin, S3Login

Meaning = tuple[type[ConnectorError], tuple[Said, ...]]
Names = Callable[[Any, str, str], Awaitable[list[str]]]

NAMES_OF_A_LOOK: Final = 1_000
"""How many names one look into a bucket gives; there may be millions."""
_CONNECT_SECONDS: Final = 10
_GCS_KEY: Final = source_key("gcs", "service_account_key")
_TRIES: Final = 3
_GCS_SCOPE: Final = "https://www.googleapis.com/auth/devstorage.read_only"

_LOGIN: Final = (AuthError, ("Check the login of the source, and that it may list and read this bucket.",))
_PLACE: Final = (ConfigError, ("Correct ", source_key("path"), ", or its endpoint_url or region."))
_AWAY: Final = (TransientError, ("Check that the service is up and can be reached from here, then run again.",))
_CHANGED: Final = (DataError, ("It was replaced while it was read. Run again.",))
_S3_CODES: Final[Mapping[str, Meaning]] = {
    **dict.fromkeys(("NoSuchBucket", "InvalidBucketName", "PermanentRedirect", "301", "400", "InvalidRequest"), _PLACE),
    **dict.fromkeys(("PreconditionFailed", "412", "InvalidRange", "416"), _CHANGED),
    **dict.fromkeys(("SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "Busy"), _AWAY),
}
_S3_LOGIN: Final = frozenset(
    {
        "401", "403", "AccessDenied", "AccountProblem", "AllAccessDisabled", "AuthorizationHeaderMalformed",
        "ExpiredToken", "Forbidden", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch",
        "RequestTimeTooSkewed", "TokenRefreshRequired",
        # botocore's own, before anything is asked.
        "NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "CredentialRetrievalError",
        "TokenRetrievalError", "SSOTokenLoadError", "UnauthorizedSSOTokenError",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Provider:
    """A kind of bucket.

    `names` are the first objects that begin with a prefix, without the bucket's own name. `close` gives a filesystem's
    connections back: they would stay for as long as anything refers to it.
    """

    title: str
    extra: str
    package: str
    filesystem: str
    options: Callable[[Any], dict[str, Any]]
    names: Names
    meaning: Callable[[BaseException], Meaning]
    close: Callable[[Any], None]

    def connected(self, login: Any) -> Any:
        """A filesystem of fsspec that keeps no listing, and is no other source's.

        Raises:
            ConfigError: the login cannot be read.
        """
        kind = getattr(import_module(self.package), self.filesystem)
        return kind(**self.options(login), use_listings_cache=False, skip_instance_cache=True)

    def refuse_missing_package(self) -> None:
        """Raises ConfigError where the package that speaks to it is not installed."""
        try:
            import_module(self.package)
        except ImportError as error:
            raise ConfigError(
                f"Files of {self.title} are read with {self.package.partition('.')[0]}, which is not installed"
                f" ({error.name})."
                f" Install it: pip install 'okr-pipeline[{self.extra}]'"
            ) from None


def _s3_options(login: S3Login | None) -> dict[str, Any]:
    given = login or S3Login()
    config = {"connect_timeout": _CONNECT_SECONDS, "retries": {"mode": "standard", "total_max_attempts": _TRIES}}
    profile = {"profile": given.profile} if given.profile else {}
    return {
        "key": given.access_key_id,
        "secret": _told(given.secret_access_key),
        "token": _told(given.session_token),
        "anon": given.anonymous,
        "endpoint_url": given.endpoint_url,
        "requester_pays": given.requester_pays,
        "client_kwargs": {"region_name": given.region} if given.region else {},
        "config_kwargs": config,
        **profile,
    }


def _gcs_options(login: GcsLogin | None) -> dict[str, Any]:
    given = login or GcsLogin()
    key = _told(given.service_account_key)
    return {
        "token": "anon" if given.anonymous else _credentials(key) if key else "google_default",
        "access": "read_only",
        "endpoint_url": given.endpoint_url,
        "requester_pays": given.project or True if given.requester_pays else False,
        **({"project": given.project} if given.project else {}),
    }


def _credentials(text: str) -> Any:
    """The service account of a key's text, which is a secret, so that no error shows it."""
    from google.oauth2 import service_account

    key = _read_key(text)
    with contextlib.suppress(ValueError):
        # Left to itself, what reads the bucket would take a key that cannot be read for a login of another kind.
        return service_account.Credentials.from_service_account_info(key, scopes=[_GCS_SCOPE])  # type: ignore[no-untyped-call]
    raise ConfigError(
        _GCS_KEY,
        " is no key of a service account: a field is missing, or its private_key cannot be read."
        " Give it the whole text of the key's file.",
    )


def _read_key(text: str) -> dict[str, Any]:
    key = None
    with contextlib.suppress(ValueError):
        key = json.loads(text)
    if not isinstance(key, dict):
        raise ConfigError(_GCS_KEY, " is no JSON. Give it the whole text of the key's file.")
    return cast("dict[str, Any]", key)


def _azure_options(login: AzureLogin) -> dict[str, Any]:
    key = _told(login.account_key)
    own_endpoint = {"connection_string": _connection_string(login, key)} if login.endpoint_url else {}
    return {
        "account_name": login.account_name,
        "account_key": key,
        "sas_token": _told(login.sas_token),
        "tenant_id": login.tenant_id,
        "client_id": login.client_id,
        "client_secret": _told(login.client_secret),
        "anon": login.anonymous,
        "connection_timeout": _CONNECT_SECONDS,
        **own_endpoint,
    }


def _connection_string(login: AzureLogin, key: str | None) -> str:
    """How an endpoint of one's own is named to Azure's client; with it, no application can log in."""
    signature = _told(login.sas_token)
    if login.client_id:
        raise ConfigError("With endpoint_url, Azure is logged in to by account_key or sas_token. Give one of them.")
    parts = [f"BlobEndpoint={login.endpoint_url}", f"AccountName={login.account_name}"]
    parts += [f"AccountKey={key}"] if key else []
    parts += [f"SharedAccessSignature={signature.removeprefix('?')}"] if signature else []
    return ";".join(parts)


async def _s3_names(filesystem: Any, bucket: str, prefix: str) -> list[str]:
    page = await filesystem._call_s3("list_objects_v2", Bucket=bucket, Prefix=prefix, MaxKeys=NAMES_OF_A_LOOK)  # noqa: SLF001 - what fsspec lists has no end
    return [str(item["Key"]) for item in page.get("Contents", ())]


async def _gcs_names(filesystem: Any, bucket: str, prefix: str) -> list[str]:
    page = await filesystem._call(  # noqa: SLF001 - what fsspec lists has no end
        "GET", "b/{}/o", bucket, prefix=prefix, maxResults=NAMES_OF_A_LOOK, json_out=True
    )
    return [str(item["name"]) for item in page.get("items", ())]


async def _azure_names(filesystem: Any, bucket: str, prefix: str) -> list[str]:
    async with filesystem.service_client.get_container_client(container=bucket) as container:
        pages = container.list_blobs(name_starts_with=prefix, results_per_page=NAMES_OF_A_LOOK).by_page()
        async for page in pages:
            return [str(blob.name) async for blob in page]
    return []


def _s3_close(filesystem: Any) -> None:
    if filesystem._s3 is not None:  # noqa: SLF001 - fsspec closes when it is collected
        filesystem.close_session(filesystem.loop, filesystem._s3creator)  # noqa: SLF001


def _gcs_close(filesystem: Any) -> None:
    if filesystem._session is not None:  # noqa: SLF001 - fsspec closes when it is collected
        filesystem.close_session(filesystem.loop, filesystem._session)  # noqa: SLF001


def _azure_close(filesystem: Any) -> None:
    asyncio.run_coroutine_threadsafe(filesystem.service_client.close(), filesystem.loop).result(_CONNECT_SECONDS)


def _s3_meaning(error: BaseException) -> Meaning:
    cause = error.__cause__ or error
    response = getattr(cause, "response", None)
    code = str(response["Error"].get("Code", "")) if response else type(cause).__name__
    if code in _S3_LOGIN or isinstance(error, PermissionError):
        return _LOGIN
    return _S3_CODES.get(code, _PLACE if type(cause).__name__ == "ParamValidationError" else _AWAY)


def _gcs_meaning(error: BaseException) -> Meaning:
    code = str(getattr(error, "code", ""))
    if code in {"401", "403"} or str(error).startswith("Forbidden") or _is_of(error, "google.auth"):
        return _LOGIN
    return _PLACE if code == "400" or isinstance(error, ValueError) else _AWAY


def _azure_meaning(error: BaseException) -> Meaning:
    code = getattr(error, "status_code", None)
    if code in {401, 403} or any(kind.__name__ == "ClientAuthenticationError" for kind in type(error).__mro__):
        return _LOGIN
    if code == 412:
        return _CHANGED
    return _PLACE if code in {400, 404} or isinstance(error, ValueError) else _AWAY


def _is_of(error: BaseException, package: str) -> bool:
    return type(error).__module__.startswith(package)


def _told(secret: Any) -> str | None:
    return str(secret.get_secret_value()) if secret is not None else None


PROVIDERS: Final[Mapping[str, Provider]] = {
    "s3": Provider("S3", "s3", "s3fs", "S3FileSystem", _s3_options, _s3_names, _s3_meaning, _s3_close),
    # What the package itself gives by that name asks for the kind of each bucket first, by gRPC.
    "gcs": Provider(
        "Google Cloud Storage", "gcs", "gcsfs.core", "GCSFileSystem", _gcs_options, _gcs_names, _gcs_meaning, _gcs_close
    ),
    "azure": Provider(
        "Azure", "azure", "adlfs", "AzureBlobFileSystem", _azure_options, _azure_names, _azure_meaning, _azure_close
    ),
}
