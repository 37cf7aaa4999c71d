"""Tests of the record processor. Run: python3 -m unittest discover -s stacks/lambda"""

import io
import json
import os
import pathlib
import unittest
from unittest import mock

import record_processor
from record_processor import LIMIT, Refused, handler, identity

BUCKET = "patient-data-bucket-dev-123456789012"
PATIENT = "Erika Mustermann"
RECORD = {"patientId": "4711", "name": PATIENT}
TEMPLATE = pathlib.Path(__file__).resolve().parent.parent / "patient-data.json"


class Bucket:
    """Stands in for the S3 client and remembers what it was asked."""

    def __init__(self, body=None, encryption="AES256", error=None):
        self.body = json.dumps(RECORD).encode() if body is None else body
        self.encryption, self.error, self.asked = encryption, error, []

    def get_object(self, **request):
        self.asked.append(request)
        if self.error:
            raise self.error
        answer = {"Body": io.BytesIO(self.body)}
        if self.encryption:
            answer["ServerSideEncryption"] = self.encryption
        return answer


def entry(key="records/erika+mustermann.json", version="v1", bucket=BUCKET, name="ObjectCreated:Put"):
    return {
        "eventSource": "aws:s3",
        "eventName": name,
        "s3": {"bucket": {"name": bucket}, "object": {"key": key, "versionId": version}},
    }


def event(*entries):
    return {"Records": list(entries) or [entry()]}


class RecordProcessor(unittest.TestCase):
    def setUp(self):
        environment = {"BUCKET_NAME": BUCKET, "REQUIRED_MEMBERS": "patientId", "DATABASE_PASSWORD": "never shown"}
        patch = mock.patch.dict(os.environ, environment, clear=True)
        patch.start()
        self.addCleanup(patch.stop)

    def run_handler(self, an_event, s3):
        with self.assertLogs() as logs:
            answer = handler(an_event, None, s3)
        return answer, "\n".join(logs.output)

    def refuse(self, an_event, s3=None):
        with self.assertRaises(Refused) as raised, self.assertLogs() as logs:
            record_processor.log.info("start")
            handler(an_event, None, s3 or Bucket())
        self.assertIsNone(raised.exception.__cause__)
        shown = "\n".join([str(raised.exception), *logs.output])
        for private in [PATIENT, "erika", "4711", "never shown"]:
            self.assertNotIn(private, shown)
        return shown

    def test_an_upload_is_read_in_the_version_that_the_event_names(self):
        s3 = Bucket()
        answer, _ = self.run_handler(event(), s3)
        self.assertEqual(answer, {"taken_in": 1})
        self.assertEqual(s3.asked, [{"Bucket": BUCKET, "Key": "records/erika mustermann.json", "VersionId": "v1"}])

    def test_the_log_names_the_record_by_its_identity_and_holds_nothing_of_it(self):
        _, logged = self.run_handler(event(), Bucket())
        self.assertIn(identity(BUCKET, "records/erika mustermann.json", "v1"), logged)
        for private in [PATIENT, "erika", "4711", "never shown"]:
            self.assertNotIn(private, logged)

    def test_the_same_upload_has_the_same_identity_and_another_version_has_another(self):
        self.assertEqual(identity(BUCKET, "a", "v1"), identity(BUCKET, "a", "v1"))
        self.assertNotEqual(identity(BUCKET, "a", "v1"), identity(BUCKET, "a", "v2"))

    def test_an_upload_that_is_announced_twice_in_one_event_is_taken_in_once(self):
        s3 = Bucket()
        answer, _ = self.run_handler(event(entry(), entry()), s3)
        self.assertEqual((answer, len(s3.asked)), ({"taken_in": 1}, 1))

    def test_an_event_that_is_delivered_again_takes_in_the_same_identity(self):
        _, first = self.run_handler(event(), Bucket())
        _, second = self.run_handler(event(), Bucket())
        self.assertEqual(first, second)

    def test_events_that_are_not_understood_are_refused_before_anything_is_read(self):
        no_version = entry()
        del no_version["s3"]["object"]["versionId"]
        odd = [
            (None, "names no objects"),
            ([], "names no objects"),
            ({}, "names no objects"),
            ({"Records": []}, "names no objects"),
            ({"Records": "erika"}, "names no objects"),
            ({"Records": [None]}, "not one of a versioned bucket"),
            ({"Records": [{"eventSource": "aws:s3", "eventName": None}]}, "not one of a versioned bucket"),
            (event(no_version), "not one of a versioned bucket"),
            (event(entry(key=7)), "not one of a versioned bucket"),
            (event(entry(name="ObjectRemoved:Delete")), "not about an upload"),
            (event({**entry(), "eventSource": "aws:sns"}), "not about an upload"),
            (event(entry(bucket="another-bucket")), "another bucket"),
            (event(entry(key="")), "without key or version"),
            (event(entry(version="")), "without key or version"),
            (event(entry(), entry(bucket="another-bucket")), "another bucket"),
        ]
        for an_event, text in odd:
            with self.subTest(event=an_event):
                s3 = Bucket()
                self.assertIn(text, self.refuse(an_event, s3))
                self.assertEqual(s3.asked, [])

    def test_objects_that_are_not_a_record_are_refused(self):
        odd = [
            (Bucket(encryption=None), "not encrypted"),
            (Bucket(encryption="aws:kms"), "not encrypted"),
            (Bucket(body=b"x" * (LIMIT + 1)), "too large"),
            (Bucket(body=b""), "not JSON"),
            (Bucket(body=b"{\"name\": \"Erika Mustermann\""), "not JSON"),
            (Bucket(body=b"\xff\xfe\xfa"), "not JSON"),
            (Bucket(body=b"[]"), "required member"),
            (Bucket(body=b"{\"name\": \"Erika Mustermann\"}"), "required member"),
            (Bucket(body=b"{\"patientId\": \"\"}"), "required member"),
        ]
        for s3, text in odd:
            with self.subTest(text=text, body=s3.body[:30]):
                shown = self.refuse(event(), s3)
                self.assertIn(text, shown)
                self.assertIn("1 of 1 records were not taken in", shown)

    def test_an_error_of_s3_fails_the_invocation_and_shows_its_class_alone(self):
        shown = self.refuse(event(), Bucket(error=RuntimeError("no such key: records/erika mustermann.json")))
        self.assertIn("failed: RuntimeError", shown)

    def test_one_bad_record_fails_the_event_and_the_others_are_taken_in(self):
        class Mixed(Bucket):
            def get_object(self, **request):
                self.body = b"broken" if request["VersionId"] == "v1" else json.dumps(RECORD).encode()
                return super().get_object(**request)

        s3 = Mixed()
        shown = self.refuse(event(entry(version="v1"), entry(version="v2")), s3)
        self.assertIn("1 of 2 records were not taken in", shown)
        self.assertEqual(len(s3.asked), 2)

    def test_without_its_settings_the_function_fails(self):
        del os.environ["BUCKET_NAME"]
        with self.assertRaises(KeyError):
            handler(event(), None, Bucket())


class Embedded(unittest.TestCase):
    def test_the_template_embeds_this_very_file(self):
        function = json.loads(TEMPLATE.read_text(encoding="utf-8"))["Resources"]["Processor"]["Properties"]
        separator, lines = function["Code"]["ZipFile"]["Fn::Join"]
        source = pathlib.Path(record_processor.__file__).read_text(encoding="utf-8")
        self.assertEqual(separator.join(lines), source)
        # CloudFormation calls an embedded file index.
        self.assertEqual(function["Handler"], "index.handler")

    def test_the_source_fits_what_cloudformation_embeds(self):
        self.assertLessEqual(len(pathlib.Path(record_processor.__file__).read_text(encoding="utf-8")), 4096)


if __name__ == "__main__":
    unittest.main()
