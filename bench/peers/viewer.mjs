// Who asks: a bearer token, checked, and the person behind it as of today.

import { createHmac, timingSafeEqual } from "node:crypto";

import { GraphQLError } from "graphql";
import { BSON, BSONRegExp } from "mongodb";

const ISSUER = "lienkeeper";
const AUDIENCE = "lienkeeper-api";
const LEEWAY_S = 30;
const MAX_KNOWN = 10_000; // tokens, and people, remembered at most

const OWN = "org_path";
const JURISDICTION = "jurisdiction_path";
const ALL = "";
const READERS = {
  RELATIONSHIP_MANAGER: OWN,
  CERT_HANDLER: JURISDICTION,
  MORTGAGE_REGISTRAR: JURISDICTION,
  VAULT_KEEPER: JURISDICTION,
  VAULT_SUPERVISOR: JURISDICTION,
  ARCHIVIST: JURISDICTION,
  ARCHIVE_SUPERVISOR: JURISDICTION,
  BATCH_SUPERVISOR: JURISDICTION,
  COLLECTOR: JURISDICTION,
  POST_LOAN_OFFICER: JURISDICTION,
  FIELD_OFFICER: OWN,
  MARKETING_SUPERVISOR: OWN,
  VICE_PRESIDENT: OWN,
  PRESIDENT: OWN,
  RISK_MANAGER: JURISDICTION,
  LEGAL_OFFICER: JURISDICTION,
  APPROVER: JURISDICTION,
  HQ_PARAMETER: ALL,
  AUDITOR: JURISDICTION,
  INTEGRATION: OWN,
  SYSTEM: ALL,
};
const { VAULT_KEEPER: _, ...SEE_AMOUNTS } = READERS;
const PROCESS = {
  RELATIONSHIP_MANAGER: OWN,
  CERT_HANDLER: JURISDICTION,
  MORTGAGE_REGISTRAR: JURISDICTION,
};

function unauthenticated(message) {
  const extensions = { code: "UNAUTHENTICATED", http: { status: 401 } };
  // Yoga and Apollo read the status in the extensions, Fastify on the error itself.
  return Object.assign(new GraphQLError(message, { extensions }), { statusCode: 401 });
}

// Checks tokens signed with our own key. A token already checked is only asked whether it ended.
export function tokens(key) {
  const known = new Map();
  return (authorization) => {
    const token = authorization?.startsWith("Bearer ") ? authorization.slice(7).trim() : "";
    let claims = known.get(token);
    if (claims === undefined) {
      claims = verified(token, key);
      if (claims === null) throw unauthenticated("The token is not valid here.");
      remember(known, token, claims);
    }
    if (claims.exp + LEEWAY_S < Date.now() / 1000) throw unauthenticated("The token has expired.");
    return claims.sub;
  };
}

function verified(token, key) {
  const [head, body, signature, ...rest] = token.split(".");
  if (!signature || rest.length) return null;
  try {
    if (JSON.parse(Buffer.from(head, "base64url")).alg !== "HS256") return null;
    const expected = createHmac("sha256", key).update(`${head}.${body}`).digest();
    const given = Buffer.from(signature, "base64url");
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
    const claims = JSON.parse(Buffer.from(body, "base64url"));
    const here = claims.iss === ISSUER && [claims.aud].flat().includes(AUDIENCE);
    return here && typeof claims.exp === "number" && claims.sub ? claims : null;
  } catch {
    return null;
  }
}

// Reads the person on every request; what follows from the document is kept while it is the same.
// The document comes as bytes: equal bytes are the same document and need not be decoded.
export function people(users) {
  const known = new Map();
  return async (login, today) => {
    const [bytes] = await users.find({ login }, { raw: true, limit: 1, singleBatch: true }).toArray();
    const kept = known.get(login);
    if (kept && bytes && kept.today === today && kept.bytes.equals(bytes)) return kept.viewer;
    const user = bytes && BSON.deserialize(bytes);
    if (!user?.active) throw unauthenticated("Nobody here signs in with this token.");
    const viewer = new Viewer(user, today);
    remember(known, login, { bytes: Buffer.from(bytes), today, viewer });
    return viewer;
  };
}

function remember(known, key, value) {
  if (known.size >= MAX_KNOWN) known.delete(known.keys().next().value);
  known.set(key, value);
}

export class Viewer {
  constructor(user, today) {
    this.login = user.login;
    this.orgPath = user.org_path;
    this.grants = user.roles.filter(
      (grant) =>
        (grant.valid_from == null || grant.valid_from <= today) &&
        (grant.valid_to == null || today <= grant.valid_to),
    );
    const reading = paths(this.grants, READERS);
    this.scope = under(reading);
    this.amounts = paths(this.grants, SEE_AMOUNTS);
    this.seesAll = reading.every((path) => this.amounts.some((root) => covers(root, path)));
    this.processing = paths(this.grants, PROCESS);
  }

  // Whether amounts of this record are shown.
  seesAmounts(row) {
    return this.seesAll || this.amounts.some((root) => covers(root, row.org_path ?? "-"));
  }

  mayProcess(path) {
    return this.processing.some((root) => covers(root, path));
  }

  // The grant in which this person handles certificates, the one whose reach holds first.
  acting() {
    const able = this.grants.find((grant) => this.mayProcess(grant.org_path) && PROCESS[grant.role]);
    return able ?? this.grants[0];
  }

  within(query) {
    return this.scope === null ? query : { $and: [query, this.scope] };
  }
}

function covers(root, path) {
  return root === "" || path === root || path.startsWith(`${root}/`);
}

// The fewest roots that cover what these roles reach.
function paths(grants, reaches) {
  const wanted = new Set();
  for (const grant of grants) {
    const reach = reaches[grant.role];
    if (reach !== undefined) wanted.add(reach === ALL ? "" : grant[reach]);
  }
  const kept = [];
  for (const path of [...wanted].sort((a, b) => a.length - b.length)) {
    if (!kept.some((root) => covers(root, path))) kept.push(path);
  }
  return kept;
}

function under(roots) {
  if (roots.length === 0) return { _id: { $in: [] } };
  if (roots.includes("")) return null;
  const below = roots.map((root) => new BSONRegExp(`^${escaped(root)}/`));
  return { org_path: { $in: [...roots, ...below] } };
}

function escaped(text) {
  return text.replace(/[\\^$.*+?()[\]{}|\-#&~\s]/g, "\\$&");
}
