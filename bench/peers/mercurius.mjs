// Mercurius on Fastify, with its compiler from the second run of a document on.

import Fastify from "fastify";
import mercurius from "mercurius";

import { compilerOptions, contextOf, host, port, ready, schema } from "./common.mjs";

const fastify = Fastify({ logger: false });
fastify.register(mercurius, {
  schema,
  context: (request) => contextOf(request.headers.authorization),
  jit: 1,
  compilerOptions,
  cache: 1024,
  graphiql: false,
});
fastify.get("/healthz", async () => "ok");

await fastify.listen({ host, port });
ready("Mercurius");
