// What every server process has: its settings, one client of MongoDB, and the context of a request.

import { MongoClient } from "mongodb";

import { enriched } from "./plans.mjs";
import { people, tokens } from "./viewer.mjs";

const SHANGHAI_MS = 8 * 3_600_000; // no summer time since 1991
const { MONGO_URL, MONGO_DATABASE, TOKEN_KEY, PORT, NOW } = process.env;

export const host = "127.0.0.1";
export const port = Number(PORT);
export { schema } from "./schema.mjs";

export const JOURNALED = { w: "majority", j: true, wtimeoutMS: 10_000 };
const fixed = NOW ? new Date(NOW) : null;
const client = new MongoClient(MONGO_URL, {
  appName: "lienkeeper-bench",
  maxPoolSize: 50, // one thread keeps no more commands than that in flight
  minPoolSize: 10,
  readPreference: "primary",
  readConcern: { level: "majority" },
  writeConcern: JOURNALED,
  enableUtf8Validation: false, // the server has checked what it keeps
});
await client.connect();
const database = client.db(MONGO_DATABASE);
const subject = tokens(TOKEN_KEY);
const person = people(database.collection("users"));

// Money, dates and moments still pass their scalars; what is a plain string or number does not.
export const compilerOptions = {
  resolverInfoEnricher: enriched,
  disableLeafSerialization: true,
  disablingCapturingStackErrors: true,
};

// The context of a request. Throws where nobody may ask with this header.
export async function contextOf(authorization) {
  const login = subject(authorization);
  const now = fixed ?? new Date();
  const today = new Date(now.getTime() + SHANGHAI_MS).toISOString().slice(0, 10);
  const viewer = await person(login, today);
  return { client, database, viewer, now, today, loaders: new Map() };
}

export function ready(name) {
  console.log(`${name} answers on http://${host}:${port}/graphql`);
}
