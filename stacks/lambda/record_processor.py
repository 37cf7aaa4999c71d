"""Takes in patient records that were uploaded to the bucket.

An event that is not understood and a record that cannot be taken in end in an exception, never in a
returned status: only then does Lambda retry and, in the end, send the event to the failure queue.
No text of the log or of an exception holds a key, a name or any content: all of them can be PHI.
"""
import hashlib
import json
import logging
import os
from urllib.parse import unquote_plus

LIMIT = 10 * 1024 * 1024
log = logging.getLogger()
log.setLevel(logging.INFO)
_s3 = None


class Refused(Exception):
    """An event or a record that is not taken in. Its text is free of PHI."""


def uploads(event, bucket):
    """The (key, version) pairs that an event names; one odd entry refuses the whole event."""
    entries = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(entries, list) or not entries:
        raise Refused("the event names no objects")
    found = []
    for entry in entries:
        try:
            kind = (entry["eventSource"], entry["eventName"].split(":")[0])
            source, item = entry["s3"]["bucket"]["name"], entry["s3"]["object"]
            key, version = unquote_plus(item["key"]), item["versionId"]
        except (AttributeError, KeyError, TypeError):
            raise Refused("the event is not one of a versioned bucket") from None
        if kind != ("aws:s3", "ObjectCreated"):
            raise Refused("the event is not about an upload")
        if source != bucket:
            raise Refused("the event comes from another bucket")
        if not key or not version:
            raise Refused("the event names an object without key or version")
        if (key, version) not in found:
            found.append((key, version))
    return found


def identity(bucket, key, version):
    """What a version of an object is called in logs. The same upload always has the same identity."""
    return hashlib.sha256("\n".join((bucket, key, version)).encode()).hexdigest()[:32]


def read(s3, bucket, key, version):
    """The record in one version of an object, once its encryption, size and form are right."""
    answer = s3.get_object(Bucket=bucket, Key=key, VersionId=version)
    if answer.get("ServerSideEncryption") != "AES256":
        raise Refused("the object is not encrypted as the bucket demands")
    body = answer["Body"].read(LIMIT + 1)
    if len(body) > LIMIT:
        raise Refused("the object is too large")
    try:
        record = json.loads(body)
    except ValueError:
        raise Refused("the object is not JSON") from None
    names = [name for name in os.environ.get("REQUIRED_MEMBERS", "").split(",") if name]
    if not isinstance(record, dict) or not all(record.get(name) for name in names):
        raise Refused("the record lacks a required member")
    return record


def take_in(name, record):
    """Where a record goes on, for example to the database. S3 may announce an upload twice: write under `name`."""
    log.info("record %s taken in, %d members", name, len(record))


def handler(event, _context, s3=None):
    """Takes in every upload of an event, and fails at the end if one could not be."""
    global _s3
    bucket = os.environ["BUCKET_NAME"]
    found = uploads(event, bucket)
    if s3 is None:
        if _s3 is None:
            import boto3
            _s3 = boto3.client("s3")
        s3 = _s3
    failed = 0
    for key, version in found:
        name = identity(bucket, key, version)
        try:
            take_in(name, read(s3, bucket, key, version))
        except Refused as refusal:
            failed += 1
            log.error("record %s refused: %s", name, refusal)
        except Exception as error:
            failed += 1
            # The text of a foreign error can hold the key; its class cannot.
            log.error("record %s failed: %s", name, type(error).__name__)
    if failed:
        raise Refused(f"{failed} of {len(found)} records were not taken in")
    return {"taken_in": len(found)}
