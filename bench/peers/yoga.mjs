// GraphQL Yoga on Node's own HTTP server, which costs less than any framework below it.

import { createServer } from "node:http";

import { useGraphQlJit } from "@envelop/graphql-jit";
import { createYoga } from "graphql-yoga";

import { compilerOptions, contextOf, host, port, ready, schema } from "./common.mjs";

const yoga = createYoga({
  schema,
  context: ({ request }) => contextOf(request.headers.get("authorization")),
  // Yoga's own parse and validation caches, keyed by the text; the compiled query is kept by the
  // document, which these caches keep the same.
  parserAndValidationCache: true,
  plugins: [useGraphQlJit(compilerOptions)],
  healthCheckEndpoint: "/healthz",
  maskedErrors: true,
  logging: false,
  graphiql: false,
  landingPage: false,
  cors: false,
  multipart: false,
  batching: false,
});

createServer(yoga).listen(port, host, () => ready("Yoga"));
