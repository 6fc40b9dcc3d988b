"""Checks recorded answers of the sandbox against Stripe's OpenAPI document, and the requests of our own client.

    check_answers.py spec3.json recorded.jsonl

Each line of the record is one request and its answer, as `SANDBOX_RECORD` has the sandbox write them. Answers at the
document's version and at the one after it are checked: members that are missing, members that are unknown, wrong types,
null where there is none, words outside an enum. Requests are checked when our own client sent them.
"""

import json
import sys
from collections import Counter
from urllib.parse import parse_qsl

from check_requests import NEWER, Document, nested

DOCUMENTED = "2026-08-26.dahlia"
NEWEST = "2026-10-28.endive"
OUR_CLIENT = "inner-circle/"

# What the real API still sends although its document no longer names it: (the object's type, member).
LEGACY = {
    ("account", "created"),
    ("charge", "source"),
    ("subscription", "plan"),
    ("subscription", "quantity"),
    ("subscription_item", "plan"),
    ("subscription_schedule", "default_settings.default_source"),
    ("subscription_schedule", "renewal_interval"),
    ("customer", "sources"),
    ("list", "total_count"),
    ("product", "type"),
}

# In 2026-10-28.endive, and not yet in the document, which is of 2026-08-26.dahlia.
ADDED_SINCE = {
    ("billing_portal.configuration", "features.subscription_pause"),
    ("billing_portal.session", "after_expiration"),
    ("billing_portal.session", "flow.subscription_pause"),
    ("checkout.session", "allowed_payment_method_types"),
    ("price", "recurring.trial_period_days"),
    ("product", "tax_details"),
    ("subscription", "pending_update.cancel_at_period_end"),
    ("subscription", "status_details"),
    ("subscription_schedule", "pause_schedules"),
}

# The same for words: (where, word).
WORDS_ADDED_SINCE = {
    ("billing_portal.session.flow.type", "subscription_pause"),
}


class Answers(Document):
    def schema(self, operation, status):
        responses = operation["responses"]
        content = responses.get(str(status), responses.get("default", {})).get("content", {})
        return content.get("application/json", {}).get("schema")

    def wrong(self, value, schema, at="", owner=""):
        schema = self.resolve(schema)
        if value is None:
            return [] if schema.get("nullable") else [f"{at}: is null"]
        if "anyOf" in schema:
            choices = [self.resolve(choice) for choice in schema["anyOf"]]
            return min((self.wrong(value, choice, at, owner) for choice in self.likely(value, choices)), key=len)
        kind = schema.get("type")
        if kind == "object":
            return self.wrong_object(value, schema, at, owner)
        if kind == "array":
            if not isinstance(value, list):
                return [f"{at}: is no list"]
            return [p for item in value for p in self.wrong(item, schema["items"], f"{at}[]", owner)]
        return self.wrong_scalar(value, schema, at)

    def likely(self, value, choices):
        """Those of the choices that are of the object's type, if any names it."""
        if not isinstance(value, dict):
            return choices
        def names(choice):
            return value.get("object") in choice.get("properties", {}).get("object", {}).get("enum", [])
        def deleted(choice):
            return "deleted" in choice.get("properties", {})
        named = [choice for choice in choices if names(choice) and deleted(choice) == ("deleted" in value)]
        return named or choices

    def wrong_object(self, value, schema, at, owner):
        if not isinstance(value, dict):
            return [f"{at}: is no object"]
        # A hash without `object` belongs to the object that holds it.
        inside = ""
        if isinstance(value.get("object"), str):
            owner = value["object"]
            at = owner if owner != "list" else at
        elif at.startswith(owner):
            inside = at[len(owner):].lstrip(".") + "."
        known, found = schema.get("properties", {}), []
        for key, item in value.items():
            if key in known:
                found += self.wrong(item, known[key], f"{at}.{key}", owner)
            elif (owner, inside + key) in self.allowed:
                continue
            elif "additionalProperties" in schema and schema["additionalProperties"] is not False:
                if isinstance(schema["additionalProperties"], dict) and schema["additionalProperties"]:
                    found += self.wrong(item, schema["additionalProperties"], f"{at}.{key}", owner)
            elif known:
                found.append(f"{at}.{key}: is unknown")
        return found + [f"{at}.{key}: is missing" for key in schema.get("required", []) if key not in value]

    def wrong_scalar(self, value, schema, at):
        types = {"string": str, "integer": int, "boolean": bool, "number": (int, float)}
        expected = types.get(schema.get("type"))
        if expected and (not isinstance(value, expected) or (expected is int and isinstance(value, bool))):
            return [f"{at}: {value!r} is no {schema['type']}"]
        if "enum" in schema and value not in schema["enum"] and (at, value) not in self.words:
            return [f"{at}: {value!r} is none of its words"]
        if isinstance(value, str) and len(value) > schema.get("maxLength", len(value)):
            return [f"{at}: is longer than {schema['maxLength']}"]
        return []


def request_problems(document, operation, exchange):
    form = exchange["form"] if exchange["method"] == "POST" else exchange["query"]
    tree = nested(form)
    if exchange["method"] != "POST":
        expand = {"expand": {"type": "array", "items": {"type": "string"}}}
        schema = document.parameters(operation, exchange["method"])
        schema["properties"] = {**expand, **schema["properties"]}
    else:
        schema = document.parameters(operation, exchange["method"])
    return [problem for problem in document.problems(tree, schema) if problem not in NEWER]


def main(spec, record):
    with open(spec, encoding="utf-8") as file:
        document = Answers(file.read())
    checked, found = Counter(), Counter()
    with open(record, encoding="utf-8") as file:
        for line in file:
            exchange = json.loads(line)
            method, path, version = exchange["method"], exchange["path"], exchange["version"]
            operation = document.operation(method, path)
            ours = exchange["client"].startswith(OUR_CLIENT)
            if operation is None:
                if ours:
                    found[f"{method} {path}: our client asks for what is not there"] += 1
                continue
            if ours and exchange["status"] < 500:
                checked["requests"] += 1
                found.update(f"{method} {path}: {problem}" for problem in request_problems(document, operation, exchange))
            schema = document.schema(operation, exchange["status"])
            document.allowed = LEGACY if version == DOCUMENTED else LEGACY | ADDED_SINCE
            document.words = set() if version == DOCUMENTED else WORDS_ADDED_SINCE
            if version in (DOCUMENTED, NEWEST) and schema is not None:
                checked["answers"] += 1
                found.update(document.wrong(exchange["answer"], schema, "answer"))
    for problem, times in sorted(found.items()):
        print(f"{problem} ({times} times)")
    print(f"{checked['answers']} answers and {checked['requests']} requests checked, {len(found)} kinds of mistake")
    return 1 if found or not checked["answers"] else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
