"""The board of deregistration: which cases it shows, and its figures."""

from datetime import date

import strawberry

from domain.deregistration import CaseState, DeadlineStep, DeregKind
from schema.fields import named
from schema.scalars import Money


@strawberry.input(description="Which cases of the board; every given part must hold.")
class BoardFilter:
    """Of open cases."""

    state: list[CaseState] | None = named(
        "In one of these states; none means every open one.", default=None
    )
    kind: list[DeregKind] | None = named("One of these kinds.", default=None)
    handler: str | None = named("With this handler, by login.", default=None)
    step: list[DeadlineStep] | None = named(
        "Waiting for one of these steps; TOTAL is no step that a case waits for.", default=None
    )
    overdue_only: bool = named("Only where a step or the whole is late today.", default=False)


@strawberry.type(description="How many open cases are in a state.")
class StateCount:
    """A count."""

    state: CaseState = named("State.")
    count: int = named("Cases.")


@strawberry.type(description="How many open cases have missed a deadline.")
class OverdueCount:
    """A count."""

    step: DeadlineStep = named("What was due.")
    count: int = named("Cases.")


@strawberry.type(description="Open cases of one organisation, or of all together.")
class BoardFigures:
    """Counts, and what lateness costs."""

    org_code: str | None = named("The operating organisation; null for all together.")
    open: int = named("Open cases.")
    overdue: int = named("Of these, late in a step or as a whole.")
    waiting: int = named("Collateral all of whose loans are settled, without an open case.")
    exposure: Money = named(
        "Compensation for papers given back too late, up to today (退证超期赔偿), of open cases and"
        " of what waits for one."
    )
    by_state: list[StateCount] = named("Open cases by state.")
    overdue_by_step: list[OverdueCount] = named(
        "Missed deadlines; a case may count in its step and in the whole."
    )


@strawberry.type(description="The figures of the board of deregistration (押品注销看板).")
class BoardSummary:
    """The figures of an organisation and all it looks after."""

    as_of: date = named("The business date.")
    total: BoardFigures = named("All together.")
    organisations: list[BoardFigures] = named("Each operating organisation, by code.")
