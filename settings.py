"""Every setting, typed, from the environment; a wrong or weak one refuses to start."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MIN_SECRET_LENGTH = 16
KNOWN_PASSWORDS = frozenset({"minioadmin", "password", "changeme", "secret", "lienkeeper"})


class BadSettings(Exception):
    """The environment does not describe a server that may start; one sentence says why."""


class Settings(BaseSettings):
    """Where things are and who is trusted. Names below are the environment variables."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True)

    host: str = Field(default="127.0.0.1", description="Address the server listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port it listens on; 0 = any.")
    data_dir: Path = Field(default=Path(".data"), description="Folder of the embedded servers.")

    mongo_url: SecretStr | None = Field(
        default=None, description="MongoDB replica set; none starts the embedded one."
    )
    mongo_database: str = Field(default="lienkeeper", pattern=r"^[a-z][a-z0-9_]{2,62}$")
    s3_endpoint: str | None = Field(
        default=None, description="host:port of MinIO; none starts the embedded store."
    )
    s3_secure: bool = Field(default=False, description="Whether that endpoint speaks TLS.")
    s3_access_key: str | None = None
    s3_secret_key: SecretStr | None = None
    s3_bucket: str = Field(default="lienkeeper-archive", pattern=r"^[a-z0-9][a-z0-9-]{2,62}$")
    s3_region: str = "us-east-1"
    s3_public_url: str | None = Field(
        default=None,
        description="Scheme and host under which clients reach the store, where it differs.",
    )
    pii_key: SecretStr | None = Field(
        default=None, description="Secret that personal data is sealed with; embedded makes one."
    )
    evidence_key: SecretStr | None = Field(
        default=None, description="Secret that bundles are signed with; embedded makes one."
    )

    jwt_issuer: str | None = Field(default=None, description="Trusted issuer of tokens.")
    jwt_audience: str | None = Field(default=None, description="Audience tokens must name.")
    jwt_jwks_url: str | None = Field(default=None, description="Where the issuer's keys are.")

    feed_login: str = Field(
        default="core-feed",
        pattern=r"^[A-Za-z0-9._@|:-]{1,64}$",
        description="Subject of the token that may import into an empty database.",
    )

    introspection: bool = Field(default=True, description="Whether the schema may be asked for.")
    explorer: bool = Field(default=True, description="Whether `/` serves the explorer.")
    explain_plans: bool | None = Field(
        default=None,
        description="Whether `extensions.plan` says how an operation was executed; unset, only in"
        " demonstrations.",
    )

    @property
    def embedded(self) -> bool:
        """Whether this server starts its own MongoDB and S3 store as children."""
        return self.mongo_url is None

    @property
    def demonstration(self) -> bool:
        """Whether the demonstration doors are open: embedded and no real identity provider."""
        return self.embedded and self.jwt_issuer is None

    @property
    def explains(self) -> bool:
        """Whether answers say how they were executed."""
        return self.demonstration if self.explain_plans is None else self.explain_plans

    @model_validator(mode="after")
    def _outside_servers_are_complete(self) -> Self:
        if (self.mongo_url is None) != (self.s3_endpoint is None):
            raise ValueError("MONGO_URL and S3_ENDPOINT go together: set both, or neither.")
        if not self.embedded:
            wanted = {
                "S3_ACCESS_KEY": self.s3_access_key,
                "S3_SECRET_KEY": self.s3_secret_key,
                "PII_KEY": self.pii_key,
                "EVIDENCE_KEY": self.evidence_key,
                "JWT_ISSUER": self.jwt_issuer,
            }
            missing = [name for name, value in wanted.items() if value is None]
            if missing:
                raise ValueError(f"Outside servers also need {', '.join(missing)}.")
        return self

    @model_validator(mode="after")
    def _identity_is_complete(self) -> Self:
        parts = (self.jwt_issuer, self.jwt_audience, self.jwt_jwks_url)
        if any(parts) and not all(parts):
            raise ValueError("JWT_ISSUER, JWT_AUDIENCE and JWT_JWKS_URL go together.")
        return self

    @model_validator(mode="after")
    def _secrets_are_strong(self) -> Self:
        for name in ("s3_secret_key", "pii_key", "evidence_key"):
            secret = getattr(self, name)
            if secret is None:
                continue
            value = secret.get_secret_value()
            if value.lower() in KNOWN_PASSWORDS or len(value) < MIN_SECRET_LENGTH:
                raise ValueError(
                    f"{name.upper()} is known or shorter than {MIN_SECRET_LENGTH} characters."
                )
        return self


def read_settings() -> Settings:
    """The settings of this process. Raises: BadSettings."""
    try:
        return Settings()
    except ValidationError as error:
        sentences = [_sentence(problem) for problem in error.errors()]
        raise BadSettings(" ".join(sentences)) from None


def _sentence(problem: object) -> str:
    assert isinstance(problem, dict)
    where = ".".join(str(part) for part in problem["loc"]).upper()
    said = str(problem["msg"]).removeprefix("Value error, ")
    return f"{where}: {said}." if where else said
