"""How well certificates are obtained: figures by organisation and period."""

from datetime import date
from decimal import Decimal

import strawberry

from schema.certificates import TitleCertificate
from schema.fields import named


@strawberry.type(description="How certificates were obtained by one organisation, or by all.")
class ProcessingFigures:
    """Counts and rates; a rate is null where nothing was due."""

    org_code: str | None = named("The operating organisation; null for all together.")
    due: int = named("Certificates whose expected date has come.")
    obtained: int = named("Of these, obtained.")
    overdue: int = named("Of these, not obtained though the date is over.")
    obtained_rate: Decimal | None = named("Obtained of due (办理率).")
    overdue_rate: Decimal | None = named("Overdue of due (逾期未办率).")
    average_days: Decimal | None = named(
        "Natural days from the money, or the receipt, to the certificate (平均办理天数)."
    )
    vault_due: int = named("Certificates that were to be in the vault.")
    vault_late: int = named("Of these, vaulted late or not yet.")
    vault_late_rate: Decimal | None = named("Late of those to be in the vault (权证入库逾期率).")


@strawberry.type(description="How certificates are obtained in a period (权证办理监管).")
class ProcessingBoard:
    """The board of an organisation and all it looks after."""

    as_of: date = named("The day it counts up to: today, or the period's last day.")
    total: ProcessingFigures = named("All together.")
    organisations: list[ProcessingFigures] = named("Each operating organisation, by code.")
    overdue: list[TitleCertificate] = named(
        "Certificates not obtained in time, longest overdue first, at most 100."
    )
