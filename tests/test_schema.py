"""The schema that is committed is the one that is served, and every part of it is described."""

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
)

import server


def test_the_committed_schema_is_the_served_one():
    assert server.SCHEMA_FILE.read_text() == server.graphql_schema().as_str() + "\n"


def test_everything_has_a_description():
    bare = []
    for name, one in server.graphql_schema()._schema.type_map.items():
        if name.startswith("__") or name in {"Boolean", "Int", "Float", "String", "ID"}:
            continue
        if not one.description and name not in {"Query", "Mutation", "Subscription"}:
            bare.append(name)
        if isinstance(one, GraphQLEnumType):
            bare += [f"{name}.{value}" for value, v in one.values.items() if not v.description]
        if isinstance(one, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            bare += [f"{name}.{f}" for f, field in one.fields.items() if not field.description]
        if isinstance(one, GraphQLObjectType | GraphQLInterfaceType):
            bare += [
                f"{name}.{f}({a})"
                for f, field in one.fields.items()
                for a, argument in field.args.items()
                if not argument.description
            ]
    assert bare == []
