// The executable schema that all three servers share.

import { readFileSync } from "node:fs";

import { buildSchema } from "graphql";

import { RELATIONS } from "./model.mjs";
import { planOf } from "./plans.mjs";
import { badInput, one, page, related } from "./reads.mjs";
import { collect, registerExpected } from "./writes.mjs";

const text = readFileSync(new URL("schema.graphql", import.meta.url), "utf8");
export const schema = buildSchema(text);

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const YUAN = /^(-?)(0|[1-9]\d{0,13})(?:\.(\d{1,2}))?$/;

Object.assign(schema.getType("Money"), { serialize: yuan, parseValue: fen, parseLiteral: literal(fen) });
Object.assign(schema.getType("Date"), { serialize: same, parseValue: day, parseLiteral: literal(day) });
schema.getType("DateTime").serialize = (moment) => moment.toISOString();

resolve("Query", {
  loan: (_, args, context, info) => one(context, planOf(info), named(args, "loan_no", args.no)),
  dossier: (_, args, context, info) => one(context, planOf(info), named(args, "loan_no", args.loanNo)),
  loans: (_, args, context, info) => listed(context, info, {}, args),
  certificates(_, args, context, info) {
    const query = {};
    if (args.filter?.custodyState) query.custody_state = { $in: args.filter.custodyState };
    if (args.filter?.vault != null) query["place.vault"] = args.filter.vault;
    return listed(context, info, query, args);
  },
  deregistrationCases(_, args, context, info) {
    const states = args.filter?.state;
    return listed(context, info, states ? { state: { $in: states } } : {}, args);
  },
});

resolve("Mutation", {
  certificateRegisterExpected: (_, { input }, context) => registerExpected(context, input),
  certificateCollect: (_, { input }, context) => collect(context, input),
});

for (const [type, relations] of Object.entries(RELATIONS)) {
  for (const name of Object.keys(relations)) {
    const keys = `$${name}`; // where the plan of the parent left the values that lead on
    resolve(type, {
      [name]: (parent, args, context, info) => related(args, context, planOf(info), parent[keys]),
    });
  }
}

function resolve(type, resolvers) {
  const fields = schema.getType(type).getFields();
  for (const [name, resolver] of Object.entries(resolvers)) fields[name].resolve = resolver;
}

function listed(context, info, query, args) {
  return page(context, planOf(info), query, args.order, args.first, args.after);
}

function named(args, field, value) {
  if ((args.id == null) === (value == null)) throw badInput("Name one record: by id, or by number.");
  return args.id != null ? { _id: args.id } : { [field]: value };
}

// Fen as a decimal string of yuan with two places.
function yuan(amount) {
  const whole = amount < 0 ? -amount : amount;
  const part = whole % 100;
  return `${amount < 0 ? "-" : ""}${(whole - part) / 100}.${part < 10 ? "0" : ""}${part}`;
}

function fen(value) {
  const match = typeof value === "string" && YUAN.exec(value);
  if (!match) throw new TypeError('Money is a decimal string of yuan, like "1234.50".');
  const amount = Number(match[2]) * 100 + Number((match[3] ?? "").padEnd(2, "0"));
  return match[1] ? -amount : amount;
}

function day(value) {
  if (typeof value === "string" && DATE.test(value)) return value;
  throw new TypeError('A Date is a calendar date, like "2025-06-20".');
}

function same(value) {
  return value; // records keep dates as ISO text
}

function literal(parse) {
  return (node) => parse(node.value);
}
