"""The mutation on alerts: somebody it is meant for has seen it (提醒)."""

from typing import Any

from domain.alerts import Alert, acknowledged, acknowledgement_refusal, is_meant_for
from domain.refusals import Forbidden, refuse_if
from domain.roles import Operation
from resolvers.deed import Deed
from resolvers.mutation import mutation
from schema.alerts import AlertAcknowledgeInput, AlertPayload


@mutation(
    Operation.ACKNOWLEDGE_ALERT,
    AlertPayload,
    description="Acknowledge an alert that is meant for you (确认提醒).",
)
async def alert_acknowledge(deed: Deed, input: AlertAcknowledgeInput) -> dict[str, Any]:
    """The alert is closed; what it warns of is not."""
    alert = await deed.subject(Alert, input.alert_id)
    if not is_meant_for(alert, deed.actor):
        raise Forbidden("Only those whom an alert is meant for may acknowledge it.")
    refuse_if([acknowledgement_refusal(alert)])
    return {"alert": deed.decision.save(acknowledged(alert, by=deed.actor.login, now=deed.now))}
