#!/usr/bin/env python3
"""Writes seal.json beside this file: batches of journal lines, and the hashes that seal them.

An encoder of its own, made from the description of the format in ports/src/ledger/seal.rs and from nothing else, so that
a mistake there is not repeated here. Needs Python 3 and no packages. tests/contract/seal.rs compares.
"""

import hashlib
import json
import pathlib
import struct
import uuid

KINDS = ["post", "hold", "post_hold", "void_hold", "reverse"]
PURPOSES = ["topup", "payment", "transfer", "debit", "credit", "refund", "fee", "surplus", "suspense", "chargeback"]
CURRENCIES = ["IDR", "USD", "SGD", "MYR", "EUR", "JPY"]
MOST = 2**53 - 1


def text(value):
    data = value.encode("utf-8")
    return struct.pack(">I", len(data)) + data


def integer(value):
    return struct.pack(">q", value)


def identity(value):
    return uuid.UUID(value).bytes


def option(encode, value):
    return b"\x00" if value is None else b"\x01" + encode(value)


def line_bytes(line):
    return b"".join([
        identity(line["id"]),
        text(line["kind"]),
        text(line["purpose"]),
        identity(line["debit"]),
        identity(line["credit"]),
        integer(line["amount"]),
        text(line["currency"]),
        option(identity, line["refers_to"]),
        option(integer, line["expires_at"]),
        integer(line["at"]),
        integer(line["debit_balance"]),
        integer(line["credit_balance"]),
        option(identity, line["debit_previous"]),
        option(identity, line["credit_previous"]),
        option(text, line["description"]),
        option(text, line["actor"]),
    ])


def content(lines):
    body = b"".join(line_bytes(line) for line in lines)
    return hashlib.sha256(b"dermaga batch 1\n" + struct.pack(">I", len(lines)) + body).digest()


def link(number, before, sealed):
    return hashlib.sha256(b"dermaga seal 1\n" + struct.pack(">Q", number) + before + sealed).digest()


def name(text):
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "https://dermaga.test/" + text))


def plain(label, **fields):
    line = {
        "id": name("line " + label),
        "kind": "post",
        "purpose": "transfer",
        "debit": name("account ani"),
        "credit": name("account budi"),
        "amount": 12_500,
        "currency": "IDR",
        "refers_to": None,
        "expires_at": None,
        "at": 1_767_225_600_000_000,
        "debit_balance": 87_500,
        "credit_balance": 12_500,
        "debit_previous": None,
        "credit_previous": None,
        "description": None,
        "actor": None,
    }
    return line | fields


OPTIONS = {
    "refers_to": name("line original"),
    "expires_at": 1_767_312_000_000_001,
    "debit_previous": name("line before, debit"),
    "credit_previous": name("line before, credit"),
    "description": "lunch",
    "actor": "service:shop",
}


def batches():
    yield "one plain line", [plain("plain")]
    yield "nothing that is optional is there, and then each of it by itself", [plain("bare")] + [
        plain("with " + field, **{field: value}) for field, value in OPTIONS.items()
    ]
    yield "everything that is optional is there, and then all but one", [plain("full", **OPTIONS)] + [
        plain("without " + field, **(OPTIONS | {field: None})) for field in OPTIONS
    ]
    yield "every kind for every purpose, in every currency", [
        plain(f"{kind} {purpose}", kind=kind, purpose=purpose, currency=CURRENCIES[(row + column) % len(CURRENCIES)])
        for row, kind in enumerate(KINDS) for column, purpose in enumerate(PURPOSES)
    ]
    yield "texts: empty, of several bytes a character, composed in two ways, with separators and control characters", [
        plain("text " + str(place), description=description, actor=actor)
        for place, (description, actor) in enumerate([
            ("", ""),
            ("", None),
            (None, ""),
            ("Makan siang 🍜 di Warung Bu Sri", "user:" + name("admin")),
            ("Ümit, caf\u00e9", "service:caf\u00e9"),
            ("U\u0308mit, cafe\u0301", "service:cafe\u0301"),
            ("日本語 Привет العربية", "operator"),
            ("dermaga batch 1\n", "\u001f\t\u2028"),
            ("x" * 300, "y" * 66_000),
        ])
    ]
    yield "numbers: the smallest, the largest, balances below zero, moments before 1970", [
        plain("least", amount=1, at=0, debit_balance=-1, credit_balance=0),
        plain("most", amount=MOST, debit_balance=-MOST, credit_balance=MOST),
        plain("bytes", amount=0x0102030405060, debit_balance=-0x0102030405060, credit_balance=255),
        plain("early", at=-1, expires_at=-62_167_219_200_000_000),
        plain("late", at=253_402_300_799_999_999, expires_at=253_402_300_799_999_999),
        plain("ids", debit="00000000-0000-0000-0000-000000000000", credit="ffffffff-ffff-ffff-ffff-ffffffffffff"),
    ]
    yield "many lines", [plain(f"many {place}", amount=place + 1) for place in range(40)]
    yield "the same line again in a batch of its own", [plain("plain")]
    yield "two lines", [plain("plain"), plain("bare")]
    yield "the same two lines the other way round", [plain("bare"), plain("plain")]


def main():
    sealed, number, head = [], 0, bytes(32)
    for about, lines in batches():
        number += 1
        digest = content(lines)
        head = link(number, head, digest)
        sealed.append({"about": about, "number": number, "content": digest.hex(), "link": head.hex(), "lines": lines})
    # Heads that no test can reach by counting.
    far = []
    for number in [2**31, 2**32, 2**53, 2**63 - 2]:
        before, digest = hashlib.sha256(str(number).encode()).digest(), hashlib.sha256(b"any content").digest()
        far.append({
            "before": {"number": number, "link": before.hex()},
            "content": digest.hex(),
            "link": link(number + 1, before, digest).hex(),
        })
    path = pathlib.Path(__file__).with_name("seal.json")
    path.write_text(json.dumps({"batches": sealed, "far": far}, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


if __name__ == "__main__":
    main()
