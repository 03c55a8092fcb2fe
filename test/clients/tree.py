"""Reads every file of a directory through an origin mount and compares each byte: python3 tree.py HOST PORT DIRECTORY PREFIX"""

import os
import sys

import redis

BATCH_FILES = 64
BATCH_BYTES = 16 << 20


def fail(message):
    print(f"FAILED: {message}", file=sys.stderr)
    sys.exit(1)


def batches(directory):
    batch, size = [], 0
    for folder, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.islink(path) or not os.path.isfile(path):
                continue
            batch.append(path)
            size += os.path.getsize(path)
            if len(batch) == BATCH_FILES or size > BATCH_BYTES:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def main():
    host, port, directory, prefix = sys.argv[1:5]
    r = redis.Redis(host, int(port), socket_timeout=60)
    files = total = 0
    for batch in batches(directory):
        pipe = r.pipeline(transaction=False)
        keys = [prefix.encode() + os.fsencode(os.path.relpath(path, directory)) for path in batch]
        for key in keys:
            pipe.get(key)
        for path, key, got in zip(batch, keys, pipe.execute()):
            with open(path, "rb") as file:
                expected = file.read()
            if got != expected:
                fail(f"{key!r}: {'null' if got is None else f'{len(got)} bytes'}, the file has {len(expected)}, and they differ")
            files += 1
            total += len(expected)
    if files == 0:
        fail(f"{directory} has no files")
    print(f"tree by redis-py: ok {files} checks, {total} bytes")


main()
