// The two mutations: each reads, decides and writes in one transaction, as our server does.

import { randomUUID } from "node:crypto";

import { GraphQLError } from "graphql";
import { Long } from "mongodb";

import { digest, newId, sha256 } from "./identifiers.mjs";

const TRANSACTION = {
  readConcern: { level: "snapshot" },
  writeConcern: { w: "majority", j: true, wtimeoutMS: 10_000 },
  maxCommitTimeMS: 10_000,
};
const MAX_DUPLICATES = 10;
const MAX_ATTEMPTS = 40;
const MAX_PAUSE_MS = 250;
const EXPECTED_DAYS = 90;
const VAULT_DAYS = 3;
const SCAN_DAYS = 10;
const DAY_MS = 86_400_000;

const RIGHTS = new Set([
  "MORTGAGE_REG_PROOF",
  "OTHER_RIGHT_LEGACY",
  "PRE_NOTICE_MORTGAGE",
  "CONSTRUCTION_MORTGAGE",
  "DEPOSIT_RECEIPT",
  "TREASURY_BOND_RECEIPT",
  "INSURANCE_POLICY_PLEDGE",
  "WEALTH_PRODUCT_PLEDGE",
  "WAREHOUSE_RECEIPT",
  "EQUITY_PLEDGE_NOTICE",
  "RECEIVABLE_PLEDGE_REG",
  "MOVABLE_MORTGAGE_REG",
]);
const SCAN_ITEM = {
  PRE_NOTICE_MORTGAGE: "PRE_NOTICE_CERT_SCAN",
  PRE_NOTICE_TITLE: "PRE_NOTICE_CERT_SCAN",
  MORTGAGE_REG_PROOF: "MORTGAGE_CERT_SCAN",
  OTHER_RIGHT_LEGACY: "MORTGAGE_CERT_SCAN",
  DEPOSIT_RECEIPT: "PLEDGE_CERT_SCAN",
  TREASURY_BOND_RECEIPT: "PLEDGE_CERT_SCAN",
};

// Expects a certificate (X01).
export function registerExpected(context, input) {
  return decide(context, "certificate_register_expected", input, async (deed) => {
    const ids = input.collateralIds;
    const found = await deed.find("collaterals", context.viewer.within({ _id: { $in: ids } }), {
      no: 1,
      org_code: 1,
      org_path: 1,
    });
    const collaterals = ids.map((id) => found.find((row) => row._id === id) ?? missing("Collateral", id));
    for (const collateral of collaterals) permit(context, collateral);
    const numbers = collaterals.map((row) => row.no);
    const contracts = await deed.find(
      "guarantee_contracts",
      { "links.collateral_no": { $in: numbers } },
      { no: 1, status: 1, secured_loans: 1, "links.collateral_no": 1, "links.active": 1 },
    );
    const loans = await deed.loansOf(contracts, "loans", { disbursed_on: 1, in_scope: 1 });
    const certificate = expected(context, input, collaterals, contracts, loans);
    const event = moved(context, certificate, "REGISTER_EXPECTED", "X01", null);
    certificate.event_seq = event.seq;
    certificate.event_hash = event.hash;
    await deed.insert("certificates", [{ ...certificate, ...stamps(context) }]);
    await deed.insert("custody_events", [{ ...event, ...stamps(context) }]);
    await deed.tell([["TitleCertificate", certificate]]);
    await deed.log([`${event._id}@0`, `${certificate._id}@0`]);
    await deed.fence("collaterals", collaterals);
    await deed.fence("guarantee_contracts", contracts);
    await deed.fence("loans", loans);
    return certificate;
  });
}

// Collects a certificate from the registry or owner (X02).
export function collect(context, { certificateId, paper }) {
  return decide(context, "certificate_collect", { certificateId, paper }, async (deed) => {
    const mine = context.viewer.within({ _id: certificateId });
    const [before] = await deed.find("certificates", mine, undefined, 1);
    if (!before) missing("TitleCertificate", certificateId);
    permit(context, before);
    if (before.custody_state !== "NOT_RECEIVED") conflict(before);
    const printed = printedFacts(before, paper);
    const { cert_type } = before;
    const { issuer_code, cert_no_norm } = printed;
    const same = await deed.find(
      "certificates",
      { cert_type, issuer_code, cert_no_norm },
      { legal_state: 1 },
      MAX_DUPLICATES,
    );
    const others = same.filter((row) => row._id !== before._id);
    const twin = others.find((row) => row.legal_state !== "VOID");
    if (twin) duplicate(twin);
    const { contracts, dossiers } = await scansOf(deed, before);
    const collaterals = await coveredBy(deed, before);

    const set = {
      ...printed,
      custody_state: "WITH_HANDLER",
      holder: { login: context.viewer.login, desk: null, external: null, since: context.now },
      collected_on: context.today,
      vault_due: later(context.today, VAULT_DAYS),
      version: before.version + 1,
    };
    const event = moved(context, { ...before, ...set }, "COLLECT", "X02", before.custody_state);
    set.event_seq = event.seq;
    set.event_hash = event.hash;
    const after = { ...before, ...set };
    const due = later(context.today, SCAN_DAYS);
    const late = dossiers.filter((row) => scanItem(row, cert_type));
    await deed.update("certificates", [change(context, before, set)]);
    await deed.insert("custody_events", [{ ...event, ...stamps(context) }]);
    await deed.update(
      "dossiers",
      late.map((row) => {
        const at = row.items.indexOf(scanItem(row, cert_type));
        return change(context, row, { [`items.${at}.due`]: due, version: row.version + 1 });
      }),
    );
    const lapsed = collaterals.filter((row) => row.right_lapsed_on != null);
    await deed.update(
      "collaterals",
      lapsed.map((row) => change(context, row, { right_lapsed_on: null, version: row.version + 1 })),
    );
    const dated = (rows) => rows.map((row) => ({ ...row, version: row.version + 1 }));
    const changed = [
      ...dated(late).map((row) => ["Dossier", row]),
      ...dated(lapsed).map((row) => ["Collateral", row]),
    ];
    await deed.tell([["TitleCertificate", after], ...changed]);
    const subjects = [after, ...changed.map(([, row]) => row)].map((row) => `${row._id}@${row.version}`);
    await deed.log([`${event._id}@0`, ...subjects]);
    await deed.fence("certificates", others);
    await deed.fence("dossiers", dossiers.filter((row) => !late.includes(row)));
    await deed.fence("guarantee_contracts", contracts);
    await deed.fence("collaterals", collaterals.filter((row) => !lapsed.includes(row)));
    return after;
  });
}

// A full registration secures again what a lapsed pre-notice had left bare.
async function coveredBy(deed, { cert_type, collateral_nos }) {
  if (cert_type !== "MORTGAGE_REG_PROOF") return [];
  const fields = { version: 1, org_path: 1, right_lapsed_on: 1 };
  return await deed.find("collaterals", { no: { $in: collateral_nos } }, fields);
}

async function scansOf(deed, certificate) {
  const numbers = certificate.guarantee_contract_nos;
  const contracts = await deed.find(
    "guarantee_contracts",
    { no: { $in: numbers } },
    { secured_loans: 1 },
  );
  if (!SCAN_ITEM[certificate.cert_type]) return { contracts, dossiers: [] };
  const fields = { version: 1, org_path: 1, "items.code": 1, "items.due": 1 };
  return { contracts, dossiers: await deed.loansOf(contracts, "dossiers", fields) };
}

function scanItem(dossier, type) {
  return dossier.items.find((item) => item.code === SCAN_ITEM[type] && item.due == null);
}

// Runs one decision in one transaction, again from the start while others overtake it.
async function decide(context, name, input, work) {
  const { viewer, database } = context;
  if (!viewer.processing.length) throw forbidden("Your role does not allow this.");
  await database.collection("meta").findOne({ _id: "rulebook" });
  const session = context.client.startSession();
  try {
    const certificate = await retried(session, () => {
      return work(new Deed(context, session, name, input));
    });
    return { certificate: shown(certificate, context), refusals: [] };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const entry = new Deed(context, undefined, name, input).entry("REFUSED", [error.refusal.code], []);
    await database.collection("audit_log").insertOne(entry);
    return { certificate: null, refusals: [error.refusal] };
  } finally {
    await session.endSession();
  }
}

// The driver's own `withTransaction` would also do, but retries no lost compare on a version.
async function retried(session, work) {
  for (let attempt = 0; ; attempt += 1) {
    session.startTransaction(TRANSACTION);
    try {
      const done = await work();
      await committed(session);
      return done;
    } catch (error) {
      if (session.inTransaction()) await session.abortTransaction();
      if (!mayRetry(error) || attempt >= MAX_ATTEMPTS) throw error;
      const most = Math.min(MAX_PAUSE_MS, 5 * 2 ** attempt);
      await new Promise((done) => setTimeout(done, Math.random() * most));
    }
  }
}

async function committed(session) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await session.commitTransaction();
      return;
    } catch (error) {
      const unknown = error.hasErrorLabel?.("UnknownTransactionCommitResult");
      if (!unknown || attempt >= MAX_ATTEMPTS) throw error;
    }
  }
}

function mayRetry(error) {
  const transient = error.hasErrorLabel?.("TransientTransactionError");
  return error instanceof Overtaken || error.code === 11_000 || transient;
}

class Overtaken extends Error {}

class Refused extends Error {
  constructor(code, ruleId, message) {
    super(message);
    this.refusal = { code, ruleId, message };
  }
}

// One decision's reads and writes; commands of one transaction go one after the other.
class Deed {
  constructor(context, session, name, input) {
    Object.assign(this, { context, session, name, input });
  }

  collection(name) {
    return this.context.database.collection(name);
  }

  find(collection, query, projection, limit = 5_000) {
    // One more than the limit: a batch that is exactly full leaves the cursor open.
    const more = { sort: { _id: 1 }, limit, batchSize: limit + 1 };
    const options = { session: this.session, projection, ...more };
    return this.collection(collection).find(query, options).toArray();
  }

  // Records of the loans that these contracts secure.
  loansOf(contracts, collection, projection) {
    const numbers = [...new Set(contracts.flatMap((row) => row.secured_loans))].sort();
    if (!numbers.length) return [];
    return this.find(collection, { loan_no: { $in: numbers } }, projection);
  }

  async insert(collection, records) {
    const options = { session: this.session };
    if (records.length === 1) await this.collection(collection).insertOne(records[0], options);
    else await this.collection(collection).insertMany(records, options);
  }

  async update(collection, changes) {
    if (!changes.length) return;
    const { session } = this;
    const target = this.collection(collection);
    const one = changes.length === 1;
    const done = one
      ? await target.updateOne(changes[0].filter, changes[0].update, { session })
      : await target.bulkWrite(changes.map((updateOne) => ({ updateOne })), { session });
    if (done.matchedCount !== changes.length) throw new Overtaken();
  }

  // Whatever was read and not changed, so that two decisions cannot both rest on the old state.
  async fence(collection, rows) {
    if (!rows.length) return;
    const ids = { _id: { $in: rows.map((row) => row._id) } };
    const { session } = this;
    await this.collection(collection).updateMany(ids, { $inc: { fence: 1 } }, { session });
  }

  tell(changed) {
    const events = changed.map(([aggregate, row]) => ({
      _id: newId("out"),
      aggregate,
      aggregate_id: row._id,
      aggregate_seq: row.version,
      type: `${aggregate}.${row.version === 0 ? "created" : "changed"}`,
      cause: this.name,
      by: this.context.viewer.login,
      at: this.context.now,
      org_path: row.org_path,
      position: null,
    }));
    return this.insert("outbox", events);
  }

  log(subjects) {
    return this.insert("audit_log", [this.entry("DONE", [], subjects)]);
  }

  entry(outcome, codes, subjects) {
    const { viewer, today, now } = this.context;
    return {
      _id: newId("audit"),
      biz_date: today,
      at: now,
      actor: viewer.login,
      org_path: viewer.orgPath,
      operation: this.name,
      outcome,
      codes,
      subjects,
      input_hash: sha256(JSON.stringify([this.name, this.input])),
      policy_version: null,
      request_id: `req_${randomUUID()}`,
      seq: null,
    };
  }
}

function expected(context, input, collaterals, contracts, loans) {
  const numbers = new Set(collaterals.map((row) => row.no));
  const stands = (row) => row.status === "DRAFT" || row.status === "EFFECTIVE";
  const ties = (link) => link.active && numbers.has(link.collateral_no);
  const standing = contracts.filter((row) => stands(row) && row.links.some(ties));
  const named = input.guaranteeContractNos ?? standing.map((row) => row.no);
  if (!named.every((no) => standing.some((row) => row.no === no))) {
    throw new Refused("VALUE_INVALID", "INPUT", "guaranteeContractNos: not active on this collateral.");
  }
  const drawn = loans.map((row) => row.disbursed_on).filter(Boolean).sort();
  const other = input.certType === "OTHER" && input.catalog;
  return {
    _id: newId("cert"),
    catalog: other || (RIGHTS.has(input.certType) ? "RIGHT_CERT" : "SAFEKEEPING"),
    cert_type: input.certType,
    carrier: input.carrier ?? "PAPER",
    cert_no: null,
    cert_no_norm: null,
    issuer: null,
    issuer_code: null,
    issue_date: null,
    registered_on: null,
    registered_until: null,
    right_holder: null,
    right_amount: null,
    rank: 1,
    collateral_nos: collaterals.map((row) => row.no),
    guarantee_contract_nos: named,
    pages: null,
    legal_state: "PENDING",
    custody_state: "NOT_RECEIVED",
    holder: null,
    place: null,
    lock: null,
    due_date: null,
    expected_by: later(drawn[0] ?? context.today, EXPECTED_DAYS),
    collected_on: null,
    vault_due: null,
    priority_date: null,
    supersedes: null,
    superseded_by: null,
    given_by: null,
    event_seq: 0,
    event_hash: "",
    org_code: collaterals[0].org_code,
    org_path: collaterals[0].org_path,
    version: 0,
  };
}

function printedFacts(certificate, paper) {
  const right = certificate.catalog === "RIGHT_CERT";
  return {
    cert_no: paper.certNo.trim(),
    cert_no_norm: normalised(paper.certNo),
    issuer: paper.issuer.trim(),
    issuer_code: normalised(paper.issuerCode || paper.issuer),
    issue_date: paper.issueDate,
    registered_on: paper.registeredOn ?? null,
    registered_until: paper.registeredUntil ?? null,
    right_holder: `s1:${Buffer.from(paper.rightHolder.trim()).toString("base64")}`,
    right_amount: paper.rightAmount == null ? null : Long.fromNumber(paper.rightAmount),
    rank: paper.rank ?? 1,
    pages: paper.pages,
    priority_date: paper.registeredOn ?? paper.issueDate,
    legal_state: right ? "REGISTERED" : certificate.legal_state,
  };
}

// The event that records where a certificate now is, chained to the one before by its hash.
function moved(context, certificate, type, rule, from) {
  const { viewer, now, today } = context;
  const grant = viewer.acting();
  const event = {
    id: newId("evnt"),
    certificate_id: certificate._id,
    seq: certificate.event_seq + 1,
    type,
    rule_id: rule,
    from_state: from,
    to_state: certificate.custody_state,
    legal_state: certificate.legal_state,
    operators: [
      {
        login: viewer.login,
        role: grant.role,
        org_code: grant.org_code,
        at: now,
        request_id: `req_${randomUUID()}`,
      },
    ],
    request_ref: null,
    vault: null,
    cabinet: null,
    slot: null,
    packet_no: null,
    seal_no: null,
    evidence: [],
    reason: null,
    biz_date: today,
    recorded_at: now,
    prev_hash: certificate.event_hash,
    org_path: certificate.org_path,
  };
  const hash = digest(event);
  const { id, ...record } = event;
  return { _id: id, ...record, hash };
}

function change({ viewer, now }, row, set) {
  const stamp = { updated_at: now, updated_by: viewer.login };
  return {
    filter: { _id: row._id, version: row.version },
    update: { $set: { ...set, ...stamp } },
  };
}

function stamps({ viewer, now }) {
  const { login } = viewer;
  return { updated_at: now, updated_by: login, created_at: now, created_by: login, fence: 0 };
}

// Answers name their fields as GraphQL does; a mutation answers one record, so all are given.
function shown(row, context) {
  const amount = context.viewer.seesAmounts(row) ? row.right_amount : null;
  return {
    id: row._id,
    certType: row.cert_type,
    certNo: row.cert_no,
    rightAmount: amount instanceof Long ? amount.toNumber() : amount,
    legalState: row.legal_state,
    custodyState: row.custody_state,
    place: row.place && { ...row.place, packetNo: row.place.packet_no },
    lock: row.lock,
    expectedBy: row.expected_by,
    collectedOn: row.collected_on,
    vaultDue: row.vault_due,
    version: row.version,
    isOverdueOut: false, // neither mutation leaves a certificate checked out
    $collaterals: row.collateral_nos,
    $guaranteeContracts: row.guarantee_contract_nos,
    $events: row._id,
  };
}

function normalised(number) {
  return number.normalize("NFKC").replace(/\s+/g, "").toUpperCase();
}

function later(day, days) {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}

function permit(context, row) {
  if (!context.viewer.mayProcess(row.org_path)) {
    throw forbidden("Your role does not reach this organisation.");
  }
}

function forbidden(message) {
  return new GraphQLError(message, { extensions: { code: "FORBIDDEN" } });
}

function missing(type, id) {
  throw new Refused("NOT_FOUND", "INV-09", `There is no ${type} ${id} within your reach.`);
}

function conflict(row) {
  const subject = row.cert_no ?? row._id;
  const message = `${subject} is ${row.custody_state}; COLLECT is not possible from there.`;
  throw new Refused("STATE_CONFLICT", "X02", message);
}

function duplicate(row) {
  const message = `A certificate with this type, issuer and number exists: ${row._id}.`;
  throw new Refused("DUPLICATE_CERT", "CUS-02", message);
}
