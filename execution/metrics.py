"""What is counted about executions: names of the schema and reasons of ours, no client's words."""

from prometheus_client import Counter

COMPILED = Counter(
    "lienkeeper_operations_compiled",
    "Operations that ran compiled, by their first root field.",
    ["root"],
)
FALLBACKS = Counter(
    "lienkeeper_operations_left_to_graphql_core",
    "Operations that graphql-core executed, by their first root field and the reason.",
    ["root", "reason"],
)
_CACHE = Counter(
    "lienkeeper_execution_cache",
    "Look-ups in the caches of documents and of plans.",
    ["cache", "found"],
)
DOCUMENTS = {found: _CACHE.labels("documents", found) for found in (True, False)}
PLANS = {found: _CACHE.labels("plans", found) for found in (True, False)}
