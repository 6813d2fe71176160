"""The command line as a person at a terminal meets it: it serves, survives, and explains itself."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from tests.client import Bank, codes, vault_plan
from tests.serving import PATIENCE_S, ROOT, ready, serving


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "server.py", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_a_kill_in_the_middle_of_the_story_loses_no_acknowledged_step(tmp_path):
    folder = tmp_path / "data"
    with serving(folder) as (process, address):
        bank = Bank(address)
        ready(bank)
        bank.open_branch()
        story = bank.mortgage()
        bank.collect(story)
        bank.scan(story)
        bank.hand_to_vault(story)
        plan = vault_plan(story)
        proposed = bank.done(
            "keeper-1", "certificateVaultInPropose", plan, "proposal { id } refusals { code }"
        )
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE_S)
        bank.close()
    with serving(folder) as (_, address):
        bank = Bank(address)
        confirm = {"proposalId": proposed["proposal"]["id"], "vaultIn": plan}
        assert codes(bank.do("keeper-2", "certificateVaultInConfirm", confirm)) == []
        assert bank.certificate(story)["custodyState"] == "IN_VAULT"
        beside = command("serve", DATA_DIR=str(folder), PORT="0")
        assert (beside.returncode, beside.stdout) == (1, "")
        assert "Another server already runs" in beside.stderr
        assert len(beside.stderr.strip().splitlines()) == 1
        verified = command("verify", DATA_DIR=str(folder))
        assert (verified.returncode, verified.stdout.strip()) == (0, "Everything holds.")
        token = command("token", "auditor", DATA_DIR=str(folder)).stdout.strip()
        me = bank.http.post(
            "/graphql",
            json={"query": "{ me { login } }"},
            headers={"authorization": f"Bearer {token}"},
        )
        assert me.json()["data"] == {"me": {"login": "auditor"}}
        bank.close()


def test_the_demonstration_branch_is_there_on_an_empty_folder(tmp_path):
    with serving(tmp_path / "data") as (_, address):
        bank = Bank(address)
        answer = bank.query(
            "auditor",
            "{ loans { totalCount } missing: certificates(filter: {custodyState: [MISSING]})"
            " { totalCount } late: certificates(filter: {overdueOnly: true}) { totalCount } }",
        )
        assert answer["loans"]["totalCount"] == 60
        assert answer["missing"]["totalCount"] >= 1
        assert answer["late"]["totalCount"] >= 1
        roles = {
            role["role"]
            for user in bank.http.get("/demo/users").json()["users"]
            for role in user["roles"]
        }
        assert len(roles) >= 20
        assert bank.http.get("/").status_code == 200
        bank.close()


def one_sentence(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 1, done
    (line,) = done.stderr.strip().splitlines()
    for word in words:
        assert word in line


def test_a_taken_port_is_one_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        one_sentence(command("serve", DATA_DIR=str(tmp_path), PORT=port), port, "PORT")


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    done = command("serve", DATA_DIR=str(tmp_path / "file" / "data"), PORT="0")
    one_sentence(done, "The data folder", str(tmp_path))


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"MONGO_URL": "mongodb://localhost"}, ["MONGO_URL and S3_ENDPOINT"]),
        (
            {"MONGO_URL": "mongodb://localhost", "S3_ENDPOINT": "localhost:9000"},
            ["S3_ACCESS_KEY", "PII_KEY", "EVIDENCE_KEY", "JWT_ISSUER"],
        ),
        ({"JWT_ISSUER": "https://issuer.example"}, ["JWT_AUDIENCE", "JWT_JWKS_URL"]),
        ({"PII_KEY": "short"}, ["PII_KEY"]),
        ({"EVIDENCE_KEY": "short"}, ["EVIDENCE_KEY"]),
        ({"PORT": "70000"}, ["PORT"]),
    ],
)
def test_wrong_settings_are_one_sentence(environment, words):
    one_sentence(command("serve", **environment), *words)


def test_a_token_needs_a_running_server(tmp_path):
    one_sentence(command("token", "auditor", DATA_DIR=str(tmp_path)), "make serve")


def test_the_committed_schema_is_compared():
    assert command("schema", "--check").returncode == 0
