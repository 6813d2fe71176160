"""What may happen to a certificate next (可办业务), as a question."""

from typing import Annotated

import strawberry

from domain.certificates import TitleCertificate
from domain.movements import OFFERED, OPERATIONS, MovementFacts, movement_refusals
from domain.vaults import Vault
from resolvers.context import Info
from resolvers.holds import holds_on
from resolvers.scans import recorded_scans
from schema.custody import MovementAnswer
from schema.mutations import kept, told
from storage.decisions import Decision, consider
from storage.scope import scope


@strawberry.type
class MovementQueries:
    """Movements as questions."""

    @strawberry.field(description="Every movement of a certificate: yes, or all that keeps it.")
    async def allowed_movements(
        self,
        info: Info,
        certificate_id: Annotated[strawberry.ID, strawberry.argument(description="Which.")],
    ) -> list[MovementAnswer] | None:
        """None where there is no such certificate within reach."""
        context = info.context

        async def work(decision: Decision) -> MovementFacts | None:
            found = await decision.first(
                TitleCertificate, {"_id": certificate_id}, within=scope(context.actor)
            )
            return None if found is None else await _facts(decision, found)

        facts = await consider(context.stores.mongo, work, at=context.now)
        if facts is None:
            return None
        answers = []
        for movement in OFFERED:
            refusals = [r for r in movement_refusals(movement, facts) if r is not None]
            path = facts.certificate.org_path
            answers.append(
                {
                    "movement": movement.value,
                    "allowed": not refusals,
                    "permitted": context.actor.may(OPERATIONS[movement], path),
                    "refusals": told(kept(refusals), chinese=context.chinese),
                }
            )
        return answers  # type: ignore[return-value]


async def _facts(decision: Decision, certificate: TitleCertificate) -> MovementFacts:
    place = certificate.place
    return MovementFacts(
        certificate=certificate,
        vault=await decision.first(Vault, {"code": place.vault}) if place else None,
        holds=await holds_on(decision, [certificate]),
        scans=await recorded_scans(decision, certificate),
    )
