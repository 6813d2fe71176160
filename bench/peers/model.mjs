// What the records are: where each type is kept, how rows lead to other rows, what is computed.

export const COLLECTIONS = {
  Loan: "loans",
  GuaranteeContract: "guarantee_contracts",
  Collateral: "collaterals",
  TitleCertificate: "certificates",
  CustodyEvent: "custody_events",
  Dossier: "dossiers",
  ArchiveFile: "files",
  FileVersion: "file_versions",
  DeregistrationCase: "dereg_cases",
};

// Amounts that a vault keeper does not see.
export const AMOUNTS = {
  Loan: new Set(["principalAmount", "balance", "interestReceivable"]),
  Collateral: new Set(["latestValue"]),
  TitleCertificate: new Set(["rightAmount"]),
};

const relation = (given) => {
  const whole = { local: "_id", foreign: "_id", many: true, order: "_id", ...given };
  const sort = whole.order === "_id" ? { _id: 1 } : { [whole.order]: 1, _id: 1 };
  return { ...whole, sort, path: whole.foreign.split(".") };
};

// local: field of the parent, foreign: field of the rows; either may hold a list.
export const RELATIONS = {
  Loan: {
    guaranteeContracts: relation({ local: "loan_no", foreign: "secured_loans", order: "no" }),
    dossier: relation({ local: "loan_no", foreign: "loan_no", many: false }),
    files: relation({ local: "loan_no", foreign: "loan_no" }),
  },
  GuaranteeContract: {
    collaterals: relation({ local: "links.collateral_no", foreign: "no", order: "no" }),
  },
  Collateral: {
    certificates: relation({ local: "no", foreign: "collateral_nos" }),
  },
  TitleCertificate: {
    collaterals: relation({ local: "collateral_nos", foreign: "no", order: "no" }),
    guaranteeContracts: relation({ local: "guarantee_contract_nos", foreign: "no", order: "no" }),
    events: relation({ foreign: "certificate_id", order: "seq" }),
  },
  Dossier: {
    loan: relation({ local: "loan_no", foreign: "loan_no", many: false }),
    files: relation({ foreign: "dossier_id" }),
  },
  ArchiveFile: {
    currentVersion: relation({ local: "current_version_id", many: false }),
  },
  DeregistrationCase: {
    collateral: relation({ local: "collateral_id", many: false }),
    certificates: relation({ local: "certificate_ids" }),
    loans: relation({ local: "loan_nos", foreign: "loan_no", order: "loan_no" }),
  },
};

// Computed from the record and the business date alone. Dates are ISO text, which sorts by time.
export const DERIVED = {
  TitleCertificate: {
    isOverdueOut: {
      reads: ["due_date", "custody_state"],
      compute: (row, today) =>
        row.custody_state === "CHECKED_OUT" && row.due_date != null && row.due_date < today,
    },
  },
};
