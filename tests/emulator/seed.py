#!/usr/bin/env python3
"""Deploys one patient-data stack into an AWS emulator and writes its flat outputs.

usage: seed.py --endpoint http://127.0.0.1:PORT --out DIR [--mode good|faithful]

The stack is created through CloudFormation, so that outputs, resource listing and template are there to be read.
The emulator's CloudFormation then drops a part of the settings without a word (bucket encryption, tags, lifecycle
and logging, the function's key and concurrency), so each is put once more through the API of its service.

  good      the stack with everything that the patient-data profile asks for and an emulator can hold
  faithful  the stack as it is often delivered: no reserved concurrency, no event notification, no access logging
            and no trail, a trust policy that shuts the function out by an external id, secrets with defaults

All secrets in here are made up. The account is 123456789012: the emulator takes it from the access key id.
"""

import argparse
import functools
import json
import pathlib
import sys
import time
import urllib.parse

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

ACCOUNT = "123456789012"
REGION = "us-east-2"
SUFFIX = "dev"
STACK = f"TapStack{SUFFIX}"

BUCKET = f"patient-data-bucket-{SUFFIX}-{ACCOUNT}"
LOG_BUCKET = f"patient-data-access-logs-{SUFFIX}-{ACCOUNT}"
TRAIL_BUCKET = f"audit-trail-{SUFFIX}-{ACCOUNT}"
TRAIL = f"audit-trail-{SUFFIX}"
FAILURES = f"patient-data-failures-{SUFFIX}"
FUNCTION = f"patient-data-processor-{SUFFIX}"
LOG_GROUP = f"/aws/lambda/{FUNCTION}"
ROLE = f"lambda-execution-role-{SUFFIX}"
ALIAS = f"alias/patient-data-key-{SUFFIX}"

BUCKET_ARN = f"arn:aws:s3:::{BUCKET}"
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FUNCTION}"
LOG_GROUP_ARN = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{LOG_GROUP}"

CONCURRENCY = 10
RETENTION_DAYS = 90
PUBLIC_ACCESS_BLOCK = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}
HANDLER = "def handler(event, context):\n    return {'records': len(event.get('Records', []))}\n"


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def tags(name):
    """The tags of one resource, as a mapping."""
    return {
        "Name": f"{name}-{SUFFIX}",
        "Environment": SUFFIX,
        "DataClassification": "PHI-HealthcareData",
        "ComplianceScope": "HIPAA",
    }


def tag_list(name, key="Key", value="Value"):
    """The same tags as the list of pairs that most services want."""
    return [{key: k, value: v} for k, v in tags(name).items()]


def deny_insecure_transport(arn):
    return {
        "Sid": "DenyInsecureTransport",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def data_bucket_policy():
    return document(
        {
            "Sid": "DenyUnencryptedUploads",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": f"{BUCKET_ARN}/*",
            "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": "AES256"}},
        },
        deny_insecure_transport(BUCKET_ARN),
    )


def log_bucket_policy():
    arn = f"arn:aws:s3:::{LOG_BUCKET}"
    return document(
        {
            "Sid": "AcceptAccessLogs",
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"{arn}/{BUCKET}/*",
            "Condition": {
                "ArnLike": {"aws:SourceArn": BUCKET_ARN},
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
            },
        },
        deny_insecure_transport(arn),
    )


def trail_bucket_policy():
    arn = f"arn:aws:s3:::{TRAIL_BUCKET}"
    source = {"aws:SourceArn": f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{TRAIL}"}
    service = {"Service": "cloudtrail.amazonaws.com"}
    return document(
        {
            "Sid": "LetTrailReadAcl",
            "Effect": "Allow",
            "Principal": service,
            "Action": "s3:GetBucketAcl",
            "Resource": arn,
            "Condition": {"StringEquals": source},
        },
        {
            "Sid": "LetTrailDeliver",
            "Effect": "Allow",
            "Principal": service,
            "Action": "s3:PutObject",
            "Resource": f"{arn}/AWSLogs/{ACCOUNT}/*",
            "Condition": {"StringEquals": {**source, "s3:x-amz-acl": "bucket-owner-full-control"}},
        },
        deny_insecure_transport(arn),
    )


def key_policy(good):
    administer = {
        "Sid": "LetAccountAdministerKey",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    # Lambda decrypts as the role, so this statement never matches a request.
    decrypt = {
        "Sid": "LetLambdaDecryptEnvironment",
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:DescribeKey"],
        "Resource": "*",
        "Condition": {"StringEquals": {"kms:ViaService": f"lambda.{REGION}.amazonaws.com"}},
    }
    actions = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"]
    actions += ["kms:DescribeKey"] if good else ["kms:CreateGrant", "kms:DescribeKey"]
    groups = LOG_GROUP_ARN if good else f"arn:aws:logs:{REGION}:{ACCOUNT}:*"
    logs = {
        "Sid": "LetLogsUseKey",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{REGION}.amazonaws.com"},
        "Action": actions,
        "Resource": "*",
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
    }
    return document(administer, logs) if good else document(administer, decrypt, logs)


def trust_policy(good):
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    if not good:
        # A service sends no external id, so this condition never holds.
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}}
    return document(statement)


def role_policies(key_arn, good):
    """The inline policies of the role. `key_arn` is a string, or an intrinsic function in a template."""
    policies = {
        "ReadRecords": document(
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObjectVersion"], "Resource": f"{BUCKET_ARN}/*"},
            {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:ListBucketVersions"], "Resource": BUCKET_ARN},
        ),
        "WriteLogs": document(
            {
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": f"{LOG_GROUP_ARN}:*",
            },
        ),
        "UseKey": document(
            {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:DescribeKey"], "Resource": key_arn},
        ),
    }
    if good:
        policies["ReportFailures"] = document(
            {
                "Effect": "Allow",
                "Action": "sqs:SendMessage",
                "Resource": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{FAILURES}",
            },
        )
    return policies


def environment(password):
    return {"BUCKET_NAME": BUCKET, "DATABASE_PASSWORD": password, "ENVIRONMENT": SUFFIX, "LOG_LEVEL": "INFO"}


def bucket_resource(name, tag_name, **properties):
    return {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "BucketName": name,
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
            "PublicAccessBlockConfiguration": PUBLIC_ACCESS_BLOCK,
            "VersioningConfiguration": {"Status": "Enabled"},
            "LifecycleConfiguration": {
                "Rules": [
                    {
                        "Id": "ExpireOldVersions",
                        "Status": "Enabled",
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
                    }
                ]
            },
            "Tags": tag_list(tag_name),
            **properties,
        },
    }


def template(good):
    """The CloudFormation template. Names are spelled out, so that bucket and function do not wait for each other."""
    key_arn = {"Fn::GetAtt": ["RecordsKey", "Arn"]}
    secret = {"Type": "String", "NoEcho": True, "MinLength": 12}
    parameters = {
        "EnvironmentSuffix": {"Type": "String", "Default": SUFFIX, "AllowedPattern": "^[a-z0-9-]+$"},
        "DatabasePassword": {**secret, "Description": "Password of the records database"},
    }
    if not good:
        parameters["ExternalId"] = {**secret, "Default": "test-external-id-123"}
        parameters["DatabasePassword"]["Default"] = "TestPassword123!"

    records = bucket_resource(BUCKET, "patient-data-bucket")
    processor = {
        "FunctionName": FUNCTION,
        "Runtime": "python3.13" if good else "python3.11",
        "Handler": "index.handler",
        "Role": {"Fn::GetAtt": ["ProcessorRole", "Arn"]},
        "MemorySize": 1024,
        "Timeout": 300,
        "KmsKeyArn": key_arn,
        "Environment": {"Variables": environment({"Ref": "DatabasePassword"})},
        "Code": {"ZipFile": HANDLER},
        "Tags": tag_list("patient-data-processor"),
    }
    if good:
        records["DependsOn"] = ["AccessLogBucketPolicy", "ProcessorPermission"]
        records["Properties"]["LoggingConfiguration"] = {
            "DestinationBucketName": {"Ref": "AccessLogBucket"},
            "LogFilePrefix": f"{BUCKET}/",
        }
        records["Properties"]["NotificationConfiguration"] = {
            "LambdaConfigurations": [
                {"Event": "s3:ObjectCreated:*", "Function": {"Fn::GetAtt": ["Processor", "Arn"]}}
            ]
        }
        processor["ReservedConcurrentExecutions"] = CONCURRENCY

    resources = {
        "RecordsKey": {
            "Type": "AWS::KMS::Key",
            "Properties": {
                "Description": "Encrypts the environment of the patient data processor",
                "EnableKeyRotation": True,
                "KeyPolicy": key_policy(good),
                "Tags": tag_list("kms-key"),
            },
        },
        "RecordsKeyAlias": {
            "Type": "AWS::KMS::Alias",
            "Properties": {"AliasName": ALIAS, "TargetKeyId": {"Ref": "RecordsKey"}},
        },
        "RecordsBucket": records,
        "RecordsBucketPolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": {"Ref": "RecordsBucket"}, "PolicyDocument": data_bucket_policy()},
        },
        "ProcessorRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": ROLE,
                "AssumeRolePolicyDocument": trust_policy(good),
                "Policies": [
                    {"PolicyName": name, "PolicyDocument": policy}
                    for name, policy in role_policies(key_arn, good).items()
                ],
                "Tags": tag_list("lambda-execution-role"),
            },
        },
        "ProcessorLogGroup": {
            "Type": "AWS::Logs::LogGroup",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "LogGroupName": LOG_GROUP,
                "RetentionInDays": RETENTION_DAYS,
                "Tags": tag_list("patient-data-processor-logs"),
            },
        },
        "Processor": {"Type": "AWS::Lambda::Function", "DependsOn": ["ProcessorLogGroup"], "Properties": processor},
        "ProcessorPermission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "FunctionName": {"Ref": "Processor"},
                "Action": "lambda:InvokeFunction",
                "Principal": "s3.amazonaws.com",
                "SourceAccount": {"Ref": "AWS::AccountId"},
                "SourceArn": BUCKET_ARN,
            },
        },
    }
    if good:
        resources["AccessLogBucket"] = bucket_resource(LOG_BUCKET, "patient-data-access-logs")
        resources["AccessLogBucketPolicy"] = {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": {"Ref": "AccessLogBucket"}, "PolicyDocument": log_bucket_policy()},
        }

    def output(description, value):
        return {"Description": description, "Value": value}

    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Patient data processing: encrypted records bucket, processor, key and log group",
        "Parameters": parameters,
        "Resources": resources,
        "Outputs": {
            "S3BucketArn": output("ARN of the records bucket", {"Fn::GetAtt": ["RecordsBucket", "Arn"]}),
            "S3BucketName": output("Name of the records bucket", {"Ref": "RecordsBucket"}),
            "LambdaFunctionArn": output("ARN of the processor", {"Fn::GetAtt": ["Processor", "Arn"]}),
            "LambdaFunctionName": output("Name of the processor", {"Ref": "Processor"}),
            "KMSKeyId": output("Id of the key", {"Ref": "RecordsKey"}),
            "KMSKeyArn": output("ARN of the key", key_arn),
            "LogGroupName": output("Log group of the processor", {"Ref": "ProcessorLogGroup"}),
        },
    }


def connect(endpoint):
    """Returns the function that gives the boto3 client of a service at the emulator."""
    session = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="made-up", region_name=REGION)

    @functools.cache
    def client(service):
        config = Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"})
        return session.client(service, endpoint_url=endpoint, config=config)

    return client


def create_stack(aws, good):
    """Creates the stack and returns its outputs."""
    parameters = [{"ParameterKey": "EnvironmentSuffix", "ParameterValue": SUFFIX}]
    if good:
        parameters.append({"ParameterKey": "DatabasePassword", "ParameterValue": "made-up-Passw0rd-41"})
    aws("cloudformation").create_stack(
        StackName=STACK,
        TemplateBody=json.dumps(template(good), indent=2),
        Parameters=parameters,
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Tags=tag_list("patient-data"),
    )
    aws("cloudformation").get_waiter("stack_create_complete").wait(
        StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    stack = aws("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def put_bucket_settings(aws, bucket, tag_name):
    aws("s3").put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )
    aws("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    aws("s3").put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=PUBLIC_ACCESS_BLOCK)
    aws("s3").put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={
            "Rules": [
                {
                    "ID": "ExpireOldVersions",
                    "Status": "Enabled",
                    "Filter": {"Prefix": ""},
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
                }
            ]
        },
    )
    aws("s3").put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tag_list(tag_name)})


def complete_stack(aws, outputs, good):
    """Puts the settings that the emulator's CloudFormation leaves out."""
    put_bucket_settings(aws, BUCKET, "patient-data-bucket")
    if good:
        put_bucket_settings(aws, LOG_BUCKET, "patient-data-access-logs")
        aws("s3").put_bucket_logging(
            Bucket=BUCKET,
            BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": LOG_BUCKET, "TargetPrefix": f"{BUCKET}/"}},
        )

    aws("kms").enable_key_rotation(KeyId=outputs["KMSKeyId"])
    aws("kms").tag_resource(KeyId=outputs["KMSKeyId"], Tags=tag_list("kms-key", "TagKey", "TagValue"))
    aws("logs").put_retention_policy(logGroupName=LOG_GROUP, retentionInDays=RETENTION_DAYS)
    aws("logs").tag_resource(resourceArn=LOG_GROUP_ARN, tags=tags("patient-data-processor-logs"))
    aws("iam").tag_role(RoleName=ROLE, Tags=tag_list("lambda-execution-role"))

    aws("lambda").update_function_configuration(FunctionName=FUNCTION, KMSKeyArn=outputs["KMSKeyArn"])
    aws("lambda").tag_resource(Resource=FUNCTION_ARN, Tags=tags("patient-data-processor"))
    if good:
        aws("lambda").put_function_concurrency(
            FunctionName=FUNCTION, ReservedConcurrentExecutions=CONCURRENCY
        )
        aws("s3").put_bucket_notification_configuration(
            Bucket=BUCKET,
            NotificationConfiguration={
                "LambdaFunctionConfigurations": [
                    {"LambdaFunctionArn": FUNCTION_ARN, "Events": ["s3:ObjectCreated:*"]}
                ]
            },
        )
        queue = aws("sqs").create_queue(QueueName=FAILURES, Attributes={"SqsManagedSseEnabled": "true"})["QueueUrl"]
        attributes = aws("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
        aws("lambda").put_function_event_invoke_config(
            FunctionName=FUNCTION, DestinationConfig={"OnFailure": {"Destination": attributes["QueueArn"]}}
        )


def use_stack(aws):
    """Leaves the traces of a stack in use: one encrypted record, and one event in the log group."""
    # Else the emulator would run the function for the record. complete_stack sets the notification again.
    aws("s3").put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={})
    aws("s3").put_object(Bucket=BUCKET, Key="records/made-up.json", Body=b"{}", ServerSideEncryption="AES256")
    stream = "made-up-stream"
    aws("logs").create_log_stream(logGroupName=LOG_GROUP, logStreamName=stream)
    aws("logs").put_log_events(
        logGroupName=LOG_GROUP,
        logStreamName=stream,
        logEvents=[{"timestamp": int(time.time() * 1000), "message": "processed 1 record"}],
    )


def set_up_account(aws):
    """Sets what belongs to the account and to no stack: a trail that sees who reads the records.

    The account's own public access block is missing here: the emulator answers it with InvalidURI.
    """
    aws("s3").create_bucket(Bucket=TRAIL_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    put_bucket_settings(aws, TRAIL_BUCKET, "audit-trail")
    aws("s3").put_bucket_policy(Bucket=TRAIL_BUCKET, Policy=json.dumps(trail_bucket_policy()))

    aws("cloudtrail").create_trail(
        Name=TRAIL,
        S3BucketName=TRAIL_BUCKET,
        IsMultiRegionTrail=True,
        IncludeGlobalServiceEvents=True,
        EnableLogFileValidation=True,
    )
    # Tags given at creation are lost by the emulator; added later they stay.
    trail_arn = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{TRAIL}"
    aws("cloudtrail").add_tags(ResourceId=trail_arn, TagsList=tag_list("audit-trail"))
    aws("cloudtrail").put_event_selectors(
        TrailName=TRAIL,
        EventSelectors=[
            {
                "ReadWriteType": "All",
                "IncludeManagementEvents": True,
                "DataResources": [{"Type": "AWS::S3::Object", "Values": [f"{BUCKET_ARN}/"]}],
            }
        ],
    )
    aws("cloudtrail").start_logging(Name=TRAIL)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--endpoint", required=True, help="where the emulator listens, on 127.0.0.1")
    parser.add_argument("--out", required=True, type=pathlib.Path, help="directory for flat-outputs.json")
    parser.add_argument("--mode", choices=["good", "faithful"], default="good")
    arguments = parser.parse_args()

    if urllib.parse.urlsplit(arguments.endpoint).hostname != "127.0.0.1":
        parser.error(f"refusing to deploy to {arguments.endpoint}: only an emulator on 127.0.0.1 is seeded")

    aws = connect(arguments.endpoint)
    good = arguments.mode == "good"
    try:
        outputs = create_stack(aws, good)
        use_stack(aws)
        complete_stack(aws, outputs, good)
        if good:
            set_up_account(aws)
        # A function that is still being made is rightly reported as changing; the tests are about one that is there.
        for waiter in ("function_active_v2", "function_updated_v2"):
            aws("lambda").get_waiter(waiter).wait(FunctionName=FUNCTION, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"error: cannot seed the emulator at {arguments.endpoint}: {error}")

    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / "flat-outputs.json"
    path.write_text(json.dumps(outputs, indent=2) + "\n", encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
