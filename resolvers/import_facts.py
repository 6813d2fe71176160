"""Kinds of the feed about security: guarantees, collateral, valuations, courts, holds, signals."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from domain.certificates import TitleCertificate
from domain.collaterals import (
    ENDED_PLEDGES,
    Collateral,
    Insurance,
    Location,
    Owner,
    PledgeState,
    Seizure,
    TitleSearch,
    TitleSearchResult,
    Valuation,
    releasing,
)
from domain.deregistration import (
    DeregistrationCase,
)
from domain.expected_days import conversion_dated
from domain.guarantees import GuaranteeContract, GuaranteeLink, GuaranteeStatus, Guarantor
from domain.loans import (
    CreditContract,
    Loan,
)
from domain.orgs import Org
from domain.pre_notices import convertible, is_standing
from domain.processing import FULL_RIGHTS, PRE_NOTICES
from domain.refusals import Refused, invalid
from domain.releasing import unpledged
from domain.reminders import watched
from domain.valuations import corrected, counts, revalued
from resolvers.import_parties import read_orgs
from resolvers.imports import (
    Kind,
    Known,
    LineStatus,
    open_cases,
    upserted,
)
from schema.imports import (
    CollateralLine,
    GuaranteeContractLine,
    SeizureLine,
    TitleSearchLine,
    ValuationLine,
)
from storage.records import new_id

MAX_SEARCHES = 200


async def _read_guarantee(known: Known, lines: Sequence[GuaranteeContractLine]) -> None:
    await known.read(GuaranteeContract, [line.no for line in lines])
    await known.read(CreditContract, [line.credit_contract for line in lines])
    await known.read(Loan, [no for line in lines for no in line.secured_loans])
    await known.read(Collateral, [link.collateral for line in lines for link in line.links])
    await read_orgs(known, [line.org for line in lines])


def _take_guarantee(known: Known, line: GuaranteeContractLine) -> tuple[LineStatus, str]:
    old, org = known.get(GuaranteeContract, line.no), known.need(Org, line.org, "org")
    known.need(CreditContract, line.credit_contract, "credit_contract")
    for number in line.secured_loans:
        known.need(Loan, number, "secured_loans")
    collaterals = [known.need(Collateral, link.collateral, "links") for link in line.links]
    added = set(line.secured_loans) - set(old.secured_loans if old else ())
    told = {link.collateral for link in line.links}
    untied = [one for one in (old.links if old else ()) if one.released_by_case is not None]
    links = (
        *(
            _link(link, old, ended=collateral.pledge_state in ENDED_PLEDGES)
            for link, collateral in zip(line.links, collaterals, strict=True)
        ),
        *(one for one in untied if one.collateral_no not in told),
    )
    tied = _tied(links) - _tied(old.links if old else ())
    for collateral in collaterals:
        if collateral.open_case_id is not None and (old is None or added or collateral.no in tied):
            raise Refused(releasing(collateral))
    over = old is not None and old.status is GuaranteeStatus.RELEASED and not _tied(links)
    new = GuaranteeContract(
        id=old.id if old else new_id(GuaranteeContract),
        no=line.no,
        credit_contract_no=line.credit_contract,
        kind=line.kind,
        mode=line.mode,
        status=GuaranteeStatus.RELEASED if over else line.status,
        guarantors=tuple(
            Guarantor(party=g.party, third_party=g.own_or_third == "THIRD", joint=g.joint)
            for g in line.guarantors
        ),
        max_claim=line.max_claim,
        registered_max_claim=line.registered_max_claim,
        claim_period_from=line.claim_period_from,
        claim_period_to=line.claim_period_to,
        determined_on=line.determined_at,
        determined_reason=line.determined_reason,
        secured_loans=tuple(dict.fromkeys(line.secured_loans)),
        links=links,
        org_code=org.code,
        org_path=org.org_path,
    )
    return upserted(known, old, new)


def _link(link: Any, old: GuaranteeContract | None, *, ended: bool) -> GuaranteeLink:
    """A link; what a release here has untied, the feed does not tie again.

    ended: whether the pledge of that collateral is over, by a redemption perhaps.
    """
    known = [k for k in old.links if k.collateral_no == link.collateral] if old else []
    released = known[0].released_by_case if known else None
    return GuaranteeLink(
        collateral_no=link.collateral,
        secured_amount=link.secured_amount,
        rank=link.rank,
        prior_claims=link.prior_claims,
        active=link.active and released is None and not ended,
        released_by_case=released,
    )


def _tied(links: Sequence[GuaranteeLink]) -> set[str]:
    return {link.collateral_no for link in links if link.active}


async def _read_collateral(known: Known, lines: Sequence[CollateralLine]) -> None:
    await known.read(Collateral, [line.no for line in lines])
    await read_orgs(known, [line.org for line in lines])
    told = [line.no for line in lines if line.convertible_from is not None]
    await known.read_lists(
        "converting",
        TitleCertificate,
        "collateral_nos",
        told,
        cert_type={"$in": sorted(PRE_NOTICES | FULL_RIGHTS)},
    )


def _take_collateral(known: Known, line: CollateralLine) -> tuple[LineStatus, str]:
    old, org = known.get(Collateral, line.no), known.need(Org, line.org, "org")
    facts: dict[str, Any] = {
        "kind": line.kind,
        "name": line.name,
        "location": Location(**line.location.model_dump()),
        "owners": tuple(Owner(**owner.model_dump()) for owner in line.owners),
        "area_m2": line.area_m2,
        "unit_no": line.unit_no,
        "convertible_from": line.convertible_from,
        "prior_claims": line.prior_claims,
        "in_dispute": line.in_dispute,
        "moves_with": line.moves_with,
        "own_bank_deposit": line.own_bank_deposit,
        "currency": line.currency,
        "encumbered_by": line.encumbered_by,
        "insurance": _insurance(line, old),
        "org_code": org.code,
        "org_path": org.org_path,
    }
    if old is not None:
        if line.convertible_from not in {None, old.convertible_from}:
            _convertible(known, line.no, line.convertible_from)
        return upserted(known, old, replace(old, **facts))
    return upserted(known, None, Collateral(id=new_id(Collateral), no=line.no, **facts))


def _insurance(line: CollateralLine, old: Collateral | None) -> tuple[Insurance, ...]:
    """Its policies; what a release here has ended, the feed does not bring back (DRG-L07)."""
    policies = tuple(Insurance(**policy.model_dump()) for policy in line.insurance)
    over = old is not None and old.pledge_state in {PledgeState.RELEASED, PledgeState.DISPOSED}
    return unpledged(policies) if over else policies


def _convertible(known: Known, collateral_no: str, since: date) -> None:
    """A new date counts for pre-notices in force that nothing was applied for (CUS-16).

    And for the full rights that are awaited in their place (CUS-27).
    """
    given: dict[str, Any] = {"policy": known.rules.policy, "calendar": known.rules.calendar}
    for paper in known.listed("converting", collateral_no):
        if paper.cert_type in FULL_RIGHTS:
            after = conversion_dated(paper, since, **given)
            if after != paper:
                known.keep(after)
        elif is_standing(paper) and paper.conversion is None:
            known.keep(watched(convertible(paper, since, **given), **given, today=known.today))


async def _read_of_collateral(known: Known, lines: Sequence[Any]) -> None:
    await known.read(Collateral, [line.collateral for line in lines])


async def _read_valuation(known: Known, lines: Sequence[ValuationLine]) -> None:
    await _read_of_collateral(known, lines)
    await known.read(Valuation, [line.no for line in lines], field_name="no")
    told: set[str] = set()
    otherwise = []
    for line in lines:
        old = known.get(Valuation, line.no)
        if line.no in told or (old is not None and _otherwise(old, line)):
            otherwise.append(line.collateral)
        told.add(line.no)
    await known.read_lists("valuations", Valuation, "collateral_no", otherwise)


def _otherwise(old: Valuation, line: ValuationLine) -> bool:
    """Whether a known valuation is told with another day or value."""
    return (old.value_on, old.value) != (line.value_date, line.value)


def _take_valuation(known: Known, line: ValuationLine) -> tuple[LineStatus, str]:
    collateral = known.need(Collateral, line.collateral, "collateral")
    if line.value_date > known.today:
        raise Refused(invalid("value_date", "lies in the future", rule_id="S17"))
    old = known.get(Valuation, line.no)
    kept = old is not None and not _otherwise(old, line)
    new = Valuation(
        id=old.id if old else new_id(Valuation),
        no=line.no,
        collateral_no=line.collateral,
        value=line.value,
        value_on=line.value_date,
        method=line.method,
        kind=line.kind,
        appraiser=line.appraiser,
        recorded_by=old.recorded_by if old else None,
        approved_by=line.approved_by or (old.approved_by if old and kept else None),
        org_code=collateral.org_code,
        org_path=collateral.org_path,
    )
    status, id = upserted(known, old, new)
    known.found[Valuation, line.no] = new if old is None else known.get(Valuation, line.no) or new
    if status is not LineStatus.UNCHANGED:
        after = collateral
        if old is not None and not kept:
            after = corrected(
                collateral, new, known.listed("valuations", line.collateral), today=known.today
            )
        elif counts(new, today=known.today):
            after = revalued(collateral, new)
        if after != collateral:
            known.keep(after)
    return status, id


def _take_seizure(known: Known, line: SeizureLine) -> tuple[LineStatus, str]:
    collateral = known.need(Collateral, line.collateral, "collateral")
    seizure = Seizure(**line.model_dump(exclude={"collateral"}))
    others = tuple(s for s in collateral.seizures if s.doc_no != line.doc_no)
    return _of_collateral(
        known,
        collateral,
        replace(collateral, seizures=(*others, seizure)),
        was_known=len(others) < len(collateral.seizures),
        same=seizure in collateral.seizures,
    )


async def _read_search(known: Known, lines: Sequence[TitleSearchLine]) -> None:
    await _read_of_collateral(known, lines)
    await open_cases(known, [known.get(Collateral, line.collateral) for line in lines])


def _take_search(known: Known, line: TitleSearchLine) -> tuple[LineStatus, str]:
    collateral = known.need(Collateral, line.collateral, "collateral")
    if line.searched_on > known.today:
        raise Refused(invalid("searched_on", "lies in the future", rule_id="DRG-P04"))
    old = next((s for s in collateral.title_searches if s.no == line.no), None)
    search = TitleSearch(
        no=line.no,
        searched_on=line.searched_on,
        result=line.result,
        recorded_at=old.recorded_at if old else known.now,
    )
    others = tuple(s for s in collateral.title_searches if s.no != line.no)
    return _of_collateral(
        known,
        collateral,
        replace(collateral, title_searches=(*others, search)[-MAX_SEARCHES:]),
        was_known=old is not None,
        same=search == old,
    )


def _of_collateral(
    known: Known, old: Collateral, new: Collateral, *, was_known: bool, same: bool
) -> tuple[LineStatus, str]:
    if same:
        return LineStatus.UNCHANGED, old.id
    known.keep(new)
    return LineStatus.UPDATED if was_known else LineStatus.CREATED, old.id


def owner_proofs(known: Known, lines: Sequence[Any]) -> list[tuple[DeregistrationCase, date]]:
    """Owner-handled cases whose cancellation a search of this batch has proven (4.2)."""
    proven = []
    for line in lines:
        if not isinstance(line, TitleSearchLine):
            continue
        collateral = known.get(Collateral, line.collateral)
        case = None
        if collateral is not None and collateral.open_case_id is not None:
            case = known.get(DeregistrationCase, collateral.open_case_id)
        if case is None or not case.proof_pending or case.returned_on is None:
            continue
        if collateral.pledge_state in ENDED_PLEDGES or line.searched_on < case.returned_on:
            continue
        newest = collateral.latest_search
        cancelled = line.result is newest.result is TitleSearchResult.CANCELLED
        if cancelled and newest.searched_on == line.searched_on:
            proven.append((case, line.searched_on))
    return proven


FACT_KINDS = {
    "GuaranteeContract": Kind(read=_read_guarantee, take=_take_guarantee),
    "Collateral": Kind(read=_read_collateral, take=_take_collateral),
    "Valuation": Kind(read=_read_valuation, take=_take_valuation),
    "Seizure": Kind(read=_read_of_collateral, take=_take_seizure),
    "TitleSearch": Kind(read=_read_search, take=_take_search),
}
