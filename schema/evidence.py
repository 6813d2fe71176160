"""The evidence of a case, summed up."""

import strawberry

from schema.fields import named


@strawberry.type(
    description="The evidence of a case (证据包): how much there is, where to fetch it."
)
class CaseEvidence:
    """A summary."""

    runs: int = named("Evaluations of the preconditions.")
    approvals: int = named("Approvals that stand.")
    steps: int = named("Steps of its timeline.")
    certificates: int = named("Certificates whose ledgers are in it.")
    events: int = named("Custody events of those.")
    files: int = named("File versions it names with their hashes.")
    proofs: int = named("Settlement proofs, voided ones included.")
    withheld: int = named("What the case names and your reach does not show; listed in the bundle.")
    verified: bool = named("Whether every ledger in it follows, link by link.")
    size: int = named("Bytes of the bundle.")
    sha256: str = named("SHA-256 of the bundle as it would be fetched now.")
    public_key: str = named("Ed25519 key to check its signature by, 64 hexadecimal digits.")
    download_path: str = named(
        "Path at this server; needs your token, leave to download, and `?purpose=`."
    )
