"""The composition and its image are pinned, keep no secret, and speak the settings' own words."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from settings import Settings

ROOT = Path(__file__).resolve().parent.parent
COMPOSED: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSED["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()

# `${NAME:?what to do}`: the only form in use, since it refuses to start without a value.
ASKED = re.compile(r"\$\{([A-Z0-9_]+):\?[^}]{10,}\}")
EXACT_TAG = re.compile(r":(\d+\.\d+\.\d+[a-z0-9.-]*|RELEASE\.\d{4}(-\d\d){2}T\d\d-\d\d-\d\dZ)$")
SECRET = re.compile(r"PASSWORD|SECRET|_KEY$|_URL$")
WITHOUT_CREDENTIALS = {"JWT_JWKS_URL", "S3_PUBLIC_URL"}  # addresses, though asked for as well


def all_variables() -> list[tuple[str, str, str]]:
    return [
        (service, name, value)
        for service, described in SERVICES.items()
        for name, value in described.get("environment", {}).items()
    ]


def filled(value: str) -> str:
    return ASKED.sub("sixteen-characters-and-more", value)


def test_the_api_is_told_in_the_words_of_the_settings():
    names = set(SERVICES["api"]["environment"])
    assert names <= {name.upper() for name in Settings.model_fields}


def test_the_api_would_start_on_what_it_is_told():
    told = SERVICES["api"]["environment"]
    settings = Settings.model_validate({name.lower(): filled(told[name]) for name in told})
    assert not settings.embedded
    assert not settings.demonstration
    assert settings.jwt_jwks_url is not None


@pytest.mark.parametrize(("service", "name", "value"), all_variables())
def test_every_value_is_a_string_and_every_secret_is_asked_for(service, name, value):
    assert isinstance(value, str), "YAML would make something else of it: put it in quotes"
    assert "$" not in filled(value), "written so that a missing value would pass for an empty one"
    if SECRET.search(name) and name not in WITHOUT_CREDENTIALS:
        assert ASKED.search(value)


def test_what_is_asked_for_is_listed_in_the_example_and_empty_there():
    lines = (ROOT / ".env.example").read_text().splitlines()
    listed = [line for line in lines if line and not line.startswith("#")]
    asked = set(ASKED.findall((ROOT / "docker-compose.yml").read_text()))
    assert sorted(listed) == sorted(f"{name}=" for name in asked)


@pytest.mark.parametrize("service", SERVICES)
def test_images_are_pinned_by_an_exact_tag(service):
    described = SERVICES[service]
    assert ("image" in described) != ("build" in described)
    image = described.get("image") or re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)[-1]
    assert EXACT_TAG.search(image)


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_tells_its_health_or_ends(service):
    described = SERVICES[service]
    waited = [
        condition["condition"]
        for other in SERVICES.values()
        for name, condition in other.get("depends_on", {}).items()
        if name == service
    ]
    if waited == ["service_completed_successfully"]:
        assert "healthcheck" not in described
        return
    assert set(waited) <= {"service_healthy"}
    if "build" in described:
        assert re.search(r"^HEALTHCHECK .*?/readyz", DOCKERFILE, re.MULTILINE | re.DOTALL)
    else:
        assert described["healthcheck"]["test"]


@pytest.mark.parametrize("service", SERVICES)
def test_ports_are_open_to_this_machine_only(service):
    for port in SERVICES[service].get("ports", []):
        assert port.startswith("127.0.0.1:")


def test_volumes_and_configs_that_are_used_are_declared():
    used = {
        mount.split(":")[0]
        for described in SERVICES.values()
        for mount in described.get("volumes", [])
        if not mount.startswith("/")
    }
    assert used == set(COMPOSED["volumes"])
    configs = [c["source"] for described in SERVICES.values() for c in described.get("configs", [])]
    assert sorted(configs) == sorted(COMPOSED["configs"])


def test_the_image_runs_without_privilege_on_hashed_requirements():
    user = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)
    assert user
    assert user[-1] not in {"0", "root"}
    installs = re.findall(r"pip install .*", DOCKERFILE)
    assert installs
    assert all("--require-hashes -r /tmp/serve.txt" in line for line in installs)


def test_only_what_the_server_runs_goes_into_the_image():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines, "it names what goes in, and keeps everything else out"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    assert all((ROOT / name).exists() for name in let_in)
    assert not let_in & {".env", ".data", ".git", "tests"}
