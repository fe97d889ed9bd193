"""How buckets are logged in to: the keys of S3, Google Cloud Storage and Azure.

Belongs here: pydantic models of YAML, cheap to import. Does not: anything that happens on a wire.

Without any key a provider's own chain finds the login: variables of the environment, a file of its command line tool,
the machine that this runs on.
"""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.http.settings import Address

_CLOSED: Final = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
_ENDPOINT: Final = "The address of a service that speaks the same protocol, in place of the provider's own."
_ANONYMOUS: Final = "Whether to ask without any login, as for public data."


class S3Login(BaseModel):
    """The login to S3, or to what speaks its protocol."""

    model_config = _CLOSED

    access_key_id: str | None = Field(default=None, description="The id of the access key.")
    secret_access_key: SecretStr | None = Field(
        default=None, description="Its secret.", examples=["${AWS_SECRET_ACCESS_KEY}"]
    )
    session_token: SecretStr | None = Field(default=None, description="The token of a login that ends by itself.")
    profile: str | None = Field(default=None, description="A profile of the files that AWS's own tools read.")
    region: str | None = Field(default=None, description="Where the bucket is.", examples=["eu-central-1"])
    endpoint_url: Address | None = Field(default=None, description=_ENDPOINT, examples=["https://minio.shop.example"])
    requester_pays: bool = Field(default=False, description="Whether this login pays for what it reads.")
    anonymous: bool = Field(default=False, description=_ANONYMOUS)

    @model_validator(mode="after")
    def _one_way(self) -> "S3Login":
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError("access_key_id and secret_access_key are one key, so it takes both or neither")
        if self.session_token and not self.secret_access_key:
            raise ValueError("session_token belongs to an access key, which is missing")
        _refuse_two_ways(self, "secret_access_key", "profile", "anonymous")
        return self


class GcsLogin(BaseModel):
    """The login to Google Cloud Storage."""

    model_config = _CLOSED

    service_account_key: SecretStr | None = Field(
        default=None, description="The JSON of a service account's key, as Google gives it.", examples=["${GCS_KEY}"]
    )
    project: str | None = Field(default=None, description="The project that pays for what is read, if not the key's.")
    endpoint_url: Address | None = Field(default=None, description=_ENDPOINT, examples=["https://storage.shop.example"])
    requester_pays: bool = Field(default=False, description="Whether the project pays for what it reads.")
    anonymous: bool = Field(default=False, description=_ANONYMOUS)

    @model_validator(mode="after")
    def _one_way(self) -> "GcsLogin":
        _refuse_two_ways(self, "service_account_key", "anonymous")
        return self


class AzureLogin(BaseModel):
    """The login to Azure Blob Storage, or Data Lake Storage."""

    model_config = _CLOSED

    account_name: str = Field(min_length=1, description="The storage account.", examples=["shopdata"])
    account_key: SecretStr | None = Field(default=None, description="Its key.", examples=["${AZURE_STORAGE_KEY}"])
    sas_token: SecretStr | None = Field(default=None, description="A shared access signature, in place of the key.")
    tenant_id: str | None = Field(default=None, description="The tenant of an application that logs in.")
    client_id: str | None = Field(default=None, description="The application.")
    client_secret: SecretStr | None = Field(default=None, description="Its secret.")
    endpoint_url: Address | None = Field(
        default=None, description=_ENDPOINT, examples=["https://shopdata.blob.core.usgovcloudapi.net"]
    )
    anonymous: bool = Field(default=False, description=_ANONYMOUS)

    @model_validator(mode="after")
    def _one_way(self) -> "AzureLogin":
        if len({value is None for value in (self.tenant_id, self.client_id, self.client_secret)}) != 1:
            raise ValueError("an application logs in with tenant_id, client_id and client_secret, all three")
        _refuse_two_ways(self, "account_key", "sas_token", "client_secret", "anonymous")
        return self


def _refuse_two_ways(login: BaseModel, *ways: str) -> None:
    given = [way for way in ways if getattr(login, way)]
    if len(given) > 1:
        raise ValueError(f"a source logs in one way, and {' and '.join(given)} are two")
