// Reads within the viewer's scope: records, pages by keyset, and related rows in batches.

import DataLoader from "dataloader";
import { GraphQLError } from "graphql";

const MAX_PAGE = 100;
const DEFAULT_PAGE = 20;
const MAX_RELATED = 100; // rows a relation gives to one parent
const MAX_BATCH = 20_000; // rows one batched read may bring
const TIMEOUT_MS = 10_000;
const MAJORITY = { level: "majority" };
const DECODING = { enableUtf8Validation: false }; // the database has checked what it keeps
const NONE = [];

export const ORDERS = {
  LOAN_NO: { name: "loan_no", field: "loan_no", step: 1 },
  DPD_DESC: { name: "dpd", field: "dpd", step: -1 },
  MATURITY: { name: "maturity", field: "maturity", step: 1 },
  DISBURSED_ON: { name: "disbursed", field: "disbursed_on", step: 1 },
  CREATED: { name: "created", field: "_id", step: 1 },
  CREATED_DESC: { name: "created_desc", field: "_id", step: -1 },
  EXPECTED_BY: { name: "expected", field: "expected_by", step: 1 },
  VAULT_DUE: { name: "vault_due", field: "vault_due", step: 1 },
  DUE_DATE: { name: "due", field: "due_date", step: 1 },
  NEXT_DUE: { name: "next_due", field: "deadlines.sort_due", step: 1 },
};
for (const order of Object.values(ORDERS)) {
  order.sort = order.field === "_id" ? { _id: order.step } : { [order.field]: order.step, _id: order.step };
  order.path = order.field.split(".");
}

// A read in one command: the driver's cursors take every record apart on its own, which costs more.
async function find(context, collection, query, projection, sort, limit) {
  const filter = context.viewer.within(query);
  // One more than the limit: a batch that is exactly full leaves the cursor open.
  const options = { projection, sort, limit, batchSize: limit + 1, maxTimeMS: TIMEOUT_MS };
  const command = { find: collection, filter, ...options, readConcern: MAJORITY };
  const { cursor } = await context.database.command(command, DECODING);
  if (cursor.id == 0) return cursor.firstBatch; // a number or a Long
  // It grew to the size of one message; a cursor goes on behind it.
  return context.database.collection(collection).find(filter, options).toArray();
}

// The one record that answers, or null.
export async function one(context, plan, query) {
  const rows = await find(context, plan.collection, query, plan.projection, { _id: 1 }, 1);
  return rows.length ? plan.map(rows[0], context) : null;
}

// A page of a list, as the object behind a connection.
export async function page(context, plan, query, orderName, first, after) {
  const order = ORDERS[orderName];
  const size = first ?? DEFAULT_PAGE;
  if (size < 0 || size > MAX_PAGE) throw badInput(`\`first\` is ${size}; it may be 0 to ${MAX_PAGE}.`);
  const wanted = after == null ? query : { $and: [query, behind(order, after)] };
  const projection = paged(plan, order);
  const rows = await find(context, plan.collection, wanted, projection, order.sort, size + 1);
  const more = rows.length > size;
  if (more) rows.length = size;
  const nodes = rows.map((row) => plan.map(row, context));
  const last = rows.length - 1;
  return {
    nodes,
    edges: plan.edges
      ? nodes.map((node, at) => ({ cursor: plan.cursors ? cursor(order, rows[at]) : null, node }))
      : null,
    pageInfo: {
      hasNextPage: more,
      hasPreviousPage: after != null,
      startCursor: plan.start && last >= 0 ? cursor(order, rows[0]) : null,
      endCursor: plan.end && last >= 0 ? cursor(order, rows[last]) : null,
    },
  };
}

// A cursor is made of the order's field and the id; the order is known only with the arguments.
function paged(plan, order) {
  plan.paged ??= new Map();
  let projection = plan.paged.get(order);
  if (!projection) {
    projection = { ...plan.projection, [order.field]: 1, _id: 1 };
    plan.paged.set(order, projection);
  }
  return projection;
}

// Resolver of a field along a relation. All parents of one field share one read.
export function related(args, context, plan, keys) {
  const { relation } = plan;
  if (keys == null) return relation.many ? NONE : null;
  let loader = context.loaders.get(plan);
  if (loader === undefined) {
    const limit = relation.many ? Math.max(0, Math.min(args.limit, MAX_RELATED)) : 1;
    // A parent is asked once, so remembering its answer would only cost.
    loader = new DataLoader((parents) => batch(context, plan, parents, limit), { cache: false });
    context.loaders.set(plan, loader);
  }
  return loader.load(keys);
}

// For each parent's keys the rows they lead to: a list, or one row or null.
async function batch(context, plan, parents, limit) {
  const { relation } = plan;
  const wanted = new Map();
  for (const keys of parents) {
    if (typeof keys === "string") wanted.set(keys, null);
    else if (keys) for (const key of keys) wanted.set(key, null);
  }
  if (wanted.size && limit > 0) {
    const query = { [relation.foreign]: { $in: [...wanted.keys()] } };
    const most = wanted.size === 1 ? limit : MAX_BATCH;
    const rows = await find(context, plan.collection, query, plan.projection, relation.sort, most);
    shareOut(rows, relation.path, wanted, (row) => plan.map(row, context));
  }
  return relation.many
    ? parents.map((keys) => many(wanted, keys, limit))
    : parents.map((keys) => many(wanted, keys, 1)[0] ?? null);
}

function shareOut(rows, path, wanted, map) {
  const [first, second] = path;
  for (const row of rows) {
    const made = map(row);
    const value = second ? row[first].map((item) => item[second]) : row[first];
    if (typeof value === "string") put(wanted, value, made);
    else for (const key of value) put(wanted, key, made);
  }
}

function put(wanted, key, made) {
  const own = wanted.get(key);
  if (own === undefined) return; // a key of other parents than these
  if (own === null) wanted.set(key, [made]);
  else if (own[own.length - 1] !== made) own.push(made);
}

// The rows of several keys without repeats, in the order of the keys.
function many(wanted, keys, limit) {
  if (keys == null) return NONE;
  if (typeof keys === "string" || keys.length === 1) {
    const own = wanted.get(typeof keys === "string" ? keys : keys[0]) ?? NONE;
    return own.length > limit ? own.slice(0, limit) : own;
  }
  const joined = new Set();
  for (const key of keys) for (const row of wanted.get(key) ?? NONE) joined.add(row);
  return [...joined].slice(0, limit);
}

function cursor(order, row) {
  let value = row;
  for (const part of order.path) value = value?.[part];
  const text = `[${jsonText(order.name)}, ${jsonText(value ?? null)}, ${jsonText(row._id)}]`;
  return Buffer.from(text, "latin1").toString("base64url");
}

// As Python writes JSON: what is not printable ASCII is escaped.
function jsonText(value) {
  const text = JSON.stringify(value);
  return typeof value === "string" ? text.replace(/[\x7f-\uffff]/g, escapedLetter) : text;
}

function escapedLetter(letter) {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function behind(order, after) {
  const [value, id] = decoded(order, after);
  const step = order.step < 0 ? "$lt" : "$gt";
  if (order.field === "_id") return { _id: { [step]: id } };
  const beyond = [];
  if (value !== null) {
    beyond.push({ [order.field]: { [step]: value } });
    if (order.step < 0) beyond.push({ [order.field]: null });
  } else if (order.step > 0) {
    beyond.push({ [order.field]: { $ne: null } });
  }
  return { $or: [...beyond, { [order.field]: value, _id: { [step]: id } }] };
}

function decoded(order, after) {
  try {
    const [name, value, id, ...rest] = JSON.parse(Buffer.from(after, "base64url"));
    const fit = value === null || typeof value === "string" || Number.isInteger(value);
    if (name === order.name && fit && typeof id === "string" && !rest.length) return [value, id];
  } catch {
    // told below
  }
  throw badInput("`after` is no cursor of this list.");
}

export function badInput(message) {
  return new GraphQLError(message, { extensions: { code: "BAD_USER_INPUT" } });
}
