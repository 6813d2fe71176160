// What one selection needs: the projection of its find, and a function from a record to an object
// with the names of GraphQL. Both are made once a document (graphql-jit asks when it compiles), so
// that nothing is walked per request or per row, and plain fields need no resolver: the compiled
// query reads them as properties.

import { getNamedType, isLeafType, isListType, isNonNullType } from "graphql";

import { AMOUNTS, COLLECTIONS, DERIVED, RELATIONS } from "./model.mjs";

const CONNECTION = /Connection$/;

// graphql-jit puts what this returns into every `info` of the compiled field.
export function enriched(field) {
  return { plan: planned(field) };
}

const plans = new WeakMap(); // by syntax node, for runs that are not compiled

// The plan of a field. Mercurius runs a document once before it compiles it.
export function planOf(info) {
  return info.plan ?? kept(info);
}

function kept(info) {
  const node = info.fieldNodes[0];
  let plan = plans.get(node);
  if (plan === undefined) {
    plan = planned(info);
    plans.set(node, plan);
  }
  return plan;
}

function planned({ parentType, fieldName, fieldNodes, returnType, fragments }) {
  const type = getNamedType(returnType);
  if (isLeafType(type)) return null;
  const chosen = selected(fieldNodes, fragments);
  if (!CONNECTION.test(type.name)) {
    const relation = RELATIONS[parentType.name]?.[fieldName];
    return COLLECTIONS[type.name] ? rowPlan(type, chosen, fragments, relation) : null;
  }
  const edges = selected(chosen.get("edges") ?? [], fragments);
  const rows = selected([...(chosen.get("nodes") ?? []), ...(edges.get("node") ?? [])], fragments);
  const plan = rowPlan(getNamedType(type.getFields().nodes.type), rows, fragments);
  const page = selected(chosen.get("pageInfo") ?? [], fragments);
  return {
    ...plan,
    nodes: chosen.has("nodes"),
    edges: chosen.has("edges"),
    cursors: edges.has("cursor"),
    start: page.has("startCursor"),
    end: page.has("endCursor"),
  };
}

function rowPlan(type, chosen, fragments, relation) {
  const projection = {};
  const at = { type, projection, prefix: "", masked: false };
  const literal = objectOf(at, chosen, fragments, "row");
  if (relation) projection[relation.foreign] = 1;
  if (at.masked) projection.org_path = 1;
  projection._id ??= 0;
  const sees = at.masked ? "const sees = context.viewer.seesAmounts(row);" : "";
  const derived = DERIVED[type.name];
  // Generated, because one literal per selection gives V8 one shape; names are the schema's own.
  const make = new Function("derived", `return (row, context) => {${sees} return ${literal}; };`);
  return { collection: COLLECTIONS[type.name], projection, map: make(derived), relation };
}

function objectOf(at, chosen, fragments, row) {
  const fields = at.type.getFields();
  const top = at.prefix === "";
  const parts = [];
  for (const [name, nodes] of chosen) {
    if (name === "__typename") continue;
    const relation = top && RELATIONS[at.type.name]?.[name];
    const derived = top && DERIVED[at.type.name]?.[name];
    if (relation) {
      at.projection[relation.local] = 1;
      parts.push(`$${name}: ${keysOf(row, relation.local)}`);
    } else if (derived) {
      for (const read of derived.reads) at.projection[read] = 1;
      parts.push(`${name}: derived.${name}.compute(${row}, context.today)`);
    } else {
      parts.push(`${name}: ${valueOf(at, fields[name].type, name, nodes, fragments, row)}`);
    }
  }
  return `{${parts.join(", ")}}`;
}

function valueOf(at, type, name, nodes, fragments, row) {
  const key = at.prefix === "" && name === "id" ? "_id" : snake(name);
  const value = `${row}.${key}`;
  const named = getNamedType(type);
  if (isLeafType(named)) {
    at.projection[at.prefix + key] = 1;
    if (!AMOUNTS[at.type.name]?.has(name)) return value;
    at.masked = true;
    return `sees ? ${value} : null`;
  }
  const below = { type: named, projection: at.projection, prefix: `${at.prefix}${key}.` };
  const chosen = selected(nodes, fragments);
  const list = isListType(isNonNullType(type) ? type.ofType : type);
  const item = list ? `${row}_` : value;
  const literal = objectOf(below, chosen, fragments, item);
  const made = list ? `${value}.map((${item}) => (${literal}))` : literal;
  return `${value} == null ? null : ${made}`;
}

// The value or the list of values that leads from a row to its related rows.
function keysOf(row, local) {
  const [first, second] = local.split(".");
  return second ? `(${row}.${first} ?? []).map((item) => item.${second})` : `${row}.${first}`;
}

// Fields of these nodes' selections by name, in order, with fragments opened.
function selected(nodes, fragments, found = new Map()) {
  for (const node of nodes) {
    for (const selection of node.selectionSet?.selections ?? []) {
      if (selection.kind === "Field") {
        const name = selection.name.value;
        found.set(name, [...(found.get(name) ?? []), selection]);
      } else {
        const spread = selection.kind === "FragmentSpread";
        selected([spread ? fragments[selection.name.value] : selection], fragments, found);
      }
    }
  }
  return found;
}

export function snake(name) {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
