"""What a county's registrar may touch: papers and releases of loans of the county alone (S04)."""

from collections.abc import Iterable, Sequence

from domain.certificates import TitleCertificate
from domain.loans import Loan
from domain.refusals import Forbidden
from resolvers.deed import Deed
from resolvers.secured import loans_of


def county_alone(deed: Deed, loans: Iterable[Loan]) -> None:
    """A county's registrar deregisters for loans of the county alone (3.2, S04).

    Where the collateral is booked does not make a city's loan the county's. Raises: Forbidden.
    """
    if not deed.actor.acts_for_county(deed.operation):
        return
    if not all(deed.actor.may(deed.operation, loan.org_path) for loan in loans):
        raise Forbidden("A county's registrar acts for loans of the county alone.")


async def county_loans(deed: Deed, numbers: Iterable[str]) -> None:
    """The same by the loans' numbers; read only where it matters. Raises: Forbidden."""
    if deed.actor.acts_for_county(deed.operation):
        named = {"loan_no": {"$in": list(numbers)}}
        county_alone(deed, await deed.decision.find(Loan, named))


async def county_papers(deed: Deed, papers: Sequence[TitleCertificate]) -> None:
    """The same by the papers that secure them. Raises: Forbidden."""
    if deed.actor.acts_for_county(deed.operation):
        county_alone(deed, await loans_of(deed.decision, papers))
