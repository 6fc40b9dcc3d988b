"""Checks every request that the Stripe client can make against Stripe's OpenAPI document.

    check_requests.py spec3.json ../it/stripe_requests.txt

A line is `METHOD /path form`. Request bodies in the document are closed, so a parameter that Stripe does not know, a
missing one and a word outside its enum are found.
"""

import json
import re
import sys
from urllib.parse import parse_qsl

# In 2026-10-28.endive, which the client asks for, and not yet in the document, which is of 2026-08-26.dahlia.
NEWER = {
    "flow_data[type]: 'subscription_pause' is none of its words",
    "flow_data[subscription_pause]: is unknown",
    "features[subscription_pause]: is unknown",
    "allowed_payment_method_types: is unknown",
}


def nested(form):
    """The form as a tree: `a[b][0]=c` is `{"a": {"b": {"0": "c"}}}`."""
    tree = {}
    for key, value in parse_qsl(form, keep_blank_values=True):
        *path, last = re.findall(r"[^\[\]]+", key)
        branch = tree
        for part in path:
            branch = branch.setdefault(part, {})
        branch[last] = value
    return tree


class Document:
    def __init__(self, text):
        self.root = json.loads(text)

    def resolve(self, schema):
        while "$ref" in schema:
            target = self.root
            for part in schema["$ref"].split("/")[1:]:
                target = target[part]
            schema = target
        return schema

    def operation(self, method, path):
        """The operation at a path; one written out wins over one with a parameter in its place."""
        found = None
        for template, operations in self.root["paths"].items():
            pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
            if method.lower() in operations and re.fullmatch(pattern, path):
                if found is None or "{" not in template:
                    found = operations[method.lower()]
        return found

    def parameters(self, operation, method):
        """What the operation takes, as one closed object."""
        body = operation.get("requestBody", {}).get("content", {})
        schema = dict(self.resolve(next(iter(body.values()))["schema"])) if body else {"type": "object"}
        if method != "POST":
            query = {p["name"]: p["schema"] for p in operation.get("parameters", []) if p["in"] == "query"}
            schema["properties"] = {**schema.get("properties", {}), **query}
        return schema

    def problems(self, value, schema, at=""):
        schema = self.resolve(schema)
        if "anyOf" in schema:
            return min((self.problems(value, choice, at) for choice in schema["anyOf"]), key=len)
        if schema.get("type") == "array":
            if value == "":  # Empties the list.
                return []
            if not isinstance(value, dict):
                return [f"{at}: is no list"]
            return [p for key, item in value.items() for p in self.problems(item, schema["items"], f"{at}[{key}]")]
        if schema.get("type") == "object":
            return self.problems_of_object(value, schema, at)
        if isinstance(value, dict):
            return [f"{at}: is no {schema.get('type')}"]
        return self.problems_of_scalar(value, schema, at)

    def problems_of_object(self, value, schema, at):
        if not isinstance(value, dict):
            return [f"{at}: is no object"]
        known, found = schema.get("properties", {}), []
        for key, item in value.items():
            inner = f"{at}[{key}]" if at else key
            if key in known:
                found += self.problems(item, known[key], inner)
            elif not schema.get("additionalProperties"):
                found.append(f"{inner}: is unknown")
        missing = [key for key in schema.get("required", []) if key not in value]
        return found + [f"{at}[{key}]: is missing" for key in missing]

    def problems_of_scalar(self, value, schema, at):
        if "enum" in schema and value not in map(str, schema["enum"]):
            return [f"{at}: {value!r} is none of its words"]
        patterns = {"integer": r"-?\d+", "boolean": "true|false"}
        if not re.fullmatch(patterns.get(schema.get("type"), r"(?s:.*)"), value):
            return [f"{at}: {value!r} is no {schema['type']}"]
        if len(value) > schema.get("maxLength", len(value)):
            return [f"{at}: is longer than {schema['maxLength']}"]
        return []


def main(spec, requests):
    with open(spec, encoding="utf-8") as file:
        document = Document(file.read())
    checked = wrong = 0
    with open(requests, encoding="utf-8") as file:
        for line in file:
            method, path, *form = line.rstrip("\n").split(" ", 2)
            operation = document.operation(method, path)
            if operation is None:
                found = ["there is no such operation"]
            else:
                tree = nested(form[0] if form else "")
                found = document.problems(tree, document.parameters(operation, method))
            found = [problem for problem in found if problem not in NEWER]
            for problem in found:
                print(f"{method} {path}: {problem}")
            checked, wrong = checked + 1, wrong + bool(found)
    print(f"{checked} requests checked against Stripe's OpenAPI document, {wrong} wrong")
    return 1 if wrong or not checked else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
