#!/usr/bin/env python3
"""Deploys a reference stack of stacks/ into an AWS emulator and writes its flat outputs.

usage: deploy.py --endpoint http://127.0.0.1:PORT --out DIR patient-data|monitoring|meditech

The template goes through the emulator's CloudFormation as far as that takes it, so that outputs, resource listing and
template are there to be read. Resource types that it refuses are left out of the stack and made through the API of their
service, and the settings that it drops without a word are put once more in the same way. What the emulator cannot hold
at all is a deviation of its own, which the tests name.

All names and addresses in here are made up. The account is 123456789012: the emulator takes it from the access key id.
"""

import argparse
import copy
import functools
import json
import pathlib
import re
import sys
import urllib.parse

import boto3
import yaml
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

ACCOUNT = "123456789012"
SUFFIX = "dev"
STACKS = pathlib.Path(__file__).resolve().parents[2] / "stacks"

# What the emulator's CloudFormation answers with a ValidationError.
REFUSED = {
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::ApiGateway::VpcLink",
    "AWS::CloudTrail::Trail",
    "AWS::CloudWatch::AnomalyDetector",
    "AWS::Config::ConfigRule",
    "AWS::Config::ConfigurationRecorder",
    "AWS::Config::DeliveryChannel",
    "AWS::EC2::EIP",
    "AWS::EC2::FlowLog",
    "AWS::EC2::NatGateway",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::Logs::QueryDefinition",
    "AWS::WAFv2::LoggingConfiguration",
    "AWS::WAFv2::WebACLAssociation",
}


def is_refused(resource):
    kind, properties = resource["Type"], resource.get("Properties", {})
    # Alarms on metric math are refused as well, and a route has to wait for the NAT gateway that it leads to.
    metric_math = kind == "AWS::CloudWatch::Alarm" and "Metrics" in properties
    to_nat = kind == "AWS::EC2::Route" and "NatGatewayId" in properties
    return metric_math or to_nat or kind in REFUSED


class Tagged(yaml.SafeLoader):
    """Reads the short forms of CloudFormation's functions as their long ones."""


def short_form(loader, name, node):
    long = name if name in ("Ref", "Condition") else f"Fn::{name}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if name == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {long: value}


Tagged.add_multi_constructor("!", short_form)


class Template:
    """A template with its parameters, which resolves what it says of the resources that are there."""

    def __init__(self, path, region, given, imports):
        self.region = region
        self.imports = imports
        # What is known of each resource once it is made: its Ref under "", its attributes under their names.
        self.made = {}
        self.document = yaml.load(path.read_text(encoding="utf-8"), Tagged)
        # A date of a policy's version is text.
        self.document = json.loads(json.dumps(self.document, default=str))
        self.parameters = {}
        for name, parameter in self.document.get("Parameters", {}).items():
            self.parameters[name] = given.get(name, parameter.get("Default"))
            if self.parameters[name] is None:
                sys.exit(f"error: {path}: parameter {name} needs a value")
        unknown = set(given) - set(self.parameters)
        if unknown:
            sys.exit(f"error: {path} has no parameters {sorted(unknown)}")
        self.resources = {
            name: resource
            for name, resource in self.document["Resources"].items()
            if self.condition(resource.get("Condition"))
        }

    def condition(self, name):
        return True if name is None else self.truth(self.document["Conditions"][name])

    def truth(self, test):
        (function, value), = test.items()
        if function == "Fn::Equals":
            one, other = (str(self.resolve(side)) for side in value)
            return one == other
        if function == "Fn::Not":
            return not self.truth(value[0])
        if function == "Fn::And":
            return all(self.truth(part) for part in value)
        if function == "Fn::Or":
            return any(self.truth(part) for part in value)
        if function == "Condition":
            return self.condition(value)
        sys.exit(f"error: a condition with {function}")

    def pseudo(self, name):
        return {
            "AWS::AccountId": ACCOUNT,
            "AWS::Region": self.region,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": f"TapStack{SUFFIX}",
        }.get(name)

    def known(self, name, attribute=""):
        """The Ref or an attribute of a resource; None where it is not made yet."""
        return self.made.get(name, {}).get(attribute)

    def resolve(self, value):
        """The value with every function worked out; raises KeyError where a resource is not made yet."""
        if isinstance(value, list):
            resolved = [self.resolve(item) for item in value]
            return [item for item in resolved if item is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (function, argument), = value.items()
            if function == "Ref":
                return self.reference(argument)
            if function == "Fn::GetAtt":
                found = self.known(argument[0], argument[1])
                if found is None:
                    raise KeyError(f"{argument[0]}.{argument[1]}")
                return found
            if function == "Fn::Sub":
                return self.substitute(argument)
            if function == "Fn::Join":
                return argument[0].join(str(part) for part in self.resolve(argument[1]))
            if function == "Fn::ImportValue":
                return self.imports[self.resolve(argument)]
            if function == "Fn::If":
                return self.resolve(argument[1 if self.condition(argument[0]) else 2])
            if function == "Fn::FindInMap":
                found = self.document["Mappings"]
                for key in argument:
                    found = found[self.resolve(key)]
                return found
            if function == "Fn::Select":
                return self.resolve(argument[1])[int(self.resolve(argument[0]))]
            if function == "Fn::Split":
                return self.resolve(argument[1]).split(argument[0])
            if function == "Fn::GetAZs":
                return [f"{self.region}{letter}" for letter in "abc"]
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not NOTHING}

    def reference(self, name):
        if name == "AWS::NoValue":
            return NOTHING
        for found in (self.pseudo(name), self.parameters.get(name), self.known(name)):
            if found is not None:
                return found
        raise KeyError(name)

    def substitute(self, argument):
        text, own = argument if isinstance(argument, list) else (argument, {})

        def filled(match):
            name = match[1]
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in own:
                return str(self.resolve(own[name]))
            if "." in name:
                return str(self.resolve({"Fn::GetAtt": name.split(".", 1)}))
            return str(self.reference(name))

        return re.sub(r"\$\{([^}]+)\}", filled, text)

    def properties(self, name):
        return self.resolve(self.resources[name].get("Properties", {}))

    def of_type(self, *kinds):
        return [name for name, resource in self.resources.items() if resource["Type"] in kinds]


NOTHING = object()


def connect(endpoint, region):
    """Returns the function that gives the boto3 client of a service at the emulator."""
    session = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="made-up", region_name=region)

    @functools.cache
    def client(service):
        config = Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"})
        return session.client(service, endpoint_url=endpoint, config=config)

    return client


def predicted(template):
    """Notes what is known of resources that are left out of the stack, from their names alone."""
    region = template.region
    for name in template.of_type("AWS::CloudTrail::Trail"):
        trail = template.resolve(template.resources[name]["Properties"]["TrailName"])
        template.made[name] = {"": trail, "Arn": f"arn:aws:cloudtrail:{region}:{ACCOUNT}:trail/{trail}"}
    for name in template.of_type("AWS::CloudWatch::Alarm"):
        alarm = template.resolve(template.resources[name]["Properties"]["AlarmName"])
        template.made[name] = {"": alarm, "Arn": f"arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:{alarm}"}


TEMPLATES = "templates"


def template_bucket(aws, region):
    if TEMPLATES not in [bucket["Name"] for bucket in aws("s3").list_buckets()["Buckets"]]:
        aws("s3").create_bucket(Bucket=TEMPLATES, CreateBucketConfiguration={"LocationConstraint": region})
    return TEMPLATES


def create_stack(aws, template, stack):
    """Creates the stack without the types that the emulator refuses and notes what is there."""
    predicted(template)
    document = copy.deepcopy(template.document)
    document["Resources"] = {
        name: resource for name, resource in template.resources.items() if not is_refused(resource)
    }
    left_out = set(template.document["Resources"]) - set(document["Resources"])
    document.pop("Rules", None)
    document = settled(template, document, left_out)
    body = json.dumps(document) if stack.json else yaml.safe_dump(document, sort_keys=False, width=110)
    aws("s3").put_object(Bucket=template_bucket(aws, template.region), Key=stack.path.name, Body=body.encode())
    parameters = [{"ParameterKey": key, "ParameterValue": str(value)} for key, value in stack.parameters.items()]
    aws("cloudformation").create_stack(
        StackName=stack.name,
        # Templates of more than 51,200 bytes have to come from a bucket.
        TemplateURL=f"{aws('s3').meta.endpoint_url}/{TEMPLATES}/{stack.path.name}",
        Parameters=parameters,
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    try:
        aws("cloudformation").get_waiter("stack_create_complete").wait(
            StackName=stack.name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
    except BotoCoreError:
        for event in aws("cloudformation").describe_stack_events(StackName=stack.name)["StackEvents"]:
            if event.get("ResourceStatusReason"):
                print(event["LogicalResourceId"], event.get("ResourceStatusReason"), file=sys.stderr)
        raise
    pages = aws("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack.name)
    for page in pages:
        for member in page["StackResourceSummaries"]:
            name, physical = member["LogicalResourceId"], member["PhysicalResourceId"]
            template.made[name] = {"": physical, **attributes(aws, template, member["ResourceType"], physical)}


def settled(template, document, left_out):
    """Takes out what refers to a resource that the stack does not hold, and works out imports and conditions."""

    def without_left_out(text):
        def filled(match):
            name, _, attribute = match[1].partition(".")
            return template.known(name, attribute) if name in left_out else match[0]

        return re.sub(r"\$\{([^}!]+)\}", filled, text)

    def walk(value):
        if isinstance(value, list):
            return [item for item in (walk(item) for item in value) if item is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (function, argument), = value.items()
            if function == "Fn::ImportValue":
                return template.resolve(value)
            if function == "Fn::If":
                return walk(argument[1 if template.condition(argument[0]) else 2])
            if function == "Ref" and argument == "AWS::NoValue":
                return NOTHING
            # The emulator takes the values of parameters for text, and text for no number.
            if function == "Ref" and template.document["Parameters"].get(argument, {}).get("Type") == "Number":
                return int(template.parameters[argument])
            if function == "Fn::Sub" and isinstance(argument, str):
                return {function: without_left_out(argument)}
            target = argument if function == "Ref" else argument[0] if function == "Fn::GetAtt" else None
            if target in left_out:
                try:
                    return template.resolve(value)
                except KeyError:
                    return NOTHING
        walked = {key: walk(item) for key, item in value.items()}
        return {key: item for key, item in walked.items() if item is not NOTHING}

    for resource in document["Resources"].values():
        resource.pop("Condition", None)
        depends = resource.pop("DependsOn", [])
        depends = [name for name in ([depends] if isinstance(depends, str) else depends) if name not in left_out]
        if depends:
            resource["DependsOn"] = depends
        if "Properties" in resource:
            resource["Properties"] = walk(resource["Properties"])
        if resource["Type"] == "AWS::ECS::TaskDefinition":
            task = resource["Properties"]
            task["Volumes"] = api_form(task["Volumes"])
            for container in task["ContainerDefinitions"]:
                container["Secrets"] = api_form(container["Secrets"])
    for name, output in list(document.get("Outputs", {}).items()):
        if not template.condition(output.pop("Condition", None)):
            del document["Outputs"][name]
            continue
        output["Value"] = walk(output["Value"])
    return document


def api_form(value):
    """Gives members the names that ECS's API has for them, where the emulator keeps those of the template."""
    if isinstance(value, list):
        return [api_form(item) for item in value]
    if not isinstance(value, dict) or any(key == "Ref" or key.startswith("Fn::") for key in value):
        return value
    others = {"EFSVolumeConfiguration": "efsVolumeConfiguration", "FilesystemId": "fileSystemId", "IAM": "iam"}
    return {others.get(key, key[0].lower() + key[1:]): api_form(item) for key, item in value.items()}


def attributes(aws, template, kind, physical):
    """The attributes of a member of the stack that templates ask for."""
    arn = functools.partial("arn:aws:{}:{}:{}:{}".format)
    region = template.region
    if kind == "AWS::KMS::Key":
        return {"Arn": arn("kms", region, ACCOUNT, f"key/{physical}")}
    if kind == "AWS::Logs::LogGroup":
        return {"Arn": arn("logs", region, ACCOUNT, f"log-group:{physical}:*")}
    if kind == "AWS::Lambda::Function":
        return {"Arn": arn("lambda", region, ACCOUNT, f"function:{physical}")}
    if kind == "AWS::IAM::Role":
        return {"Arn": arn("iam", "", ACCOUNT, f"role/{physical}")}
    if kind == "AWS::S3::Bucket":
        return {"Arn": arn("s3", "", "", physical)}
    if kind == "AWS::SNS::Topic":
        return {"TopicName": physical.rsplit(":", 1)[1], "TopicArn": physical}
    if kind == "AWS::SQS::Queue":
        name = physical.rsplit("/", 1)[1]
        return {"Arn": arn("sqs", region, ACCOUNT, name), "QueueName": name, "QueueUrl": physical}
    if kind == "AWS::CloudWatch::Alarm":
        return {"Arn": arn("cloudwatch", region, ACCOUNT, f"alarm:{physical}")}
    if kind == "AWS::Events::Rule":
        return {"Arn": arn("events", region, ACCOUNT, f"rule/{physical}")}
    if kind == "AWS::EC2::SecurityGroup":
        return {"GroupId": physical}
    if kind == "AWS::WAFv2::WebACL":
        return {"Arn": web_acl_arn(aws, physical)}
    if kind == "AWS::RDS::DBCluster":
        cluster = aws("rds").describe_db_clusters(DBClusterIdentifier=physical)["DBClusters"][0]
        return {"Endpoint.Address": cluster["Endpoint"], "ReadEndpoint.Address": cluster["ReaderEndpoint"]}
    if kind == "AWS::ElastiCache::ReplicationGroup":
        group = aws("elasticache").describe_replication_groups(ReplicationGroupId=physical)["ReplicationGroups"][0]
        endpoint = group["NodeGroups"][0]["PrimaryEndpoint"]
        return {"PrimaryEndPoint.Address": endpoint["Address"], "PrimaryEndPoint.Port": str(endpoint["Port"])}
    if kind == "AWS::ECS::Service":
        return {"ServiceArn": physical, "Name": physical.rsplit("/", 1)[1]}
    return {}


def web_acl_arn(aws, physical):
    identifier = physical.split("|")[1] if "|" in physical else physical
    for acl in aws("wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"]:
        if identifier in (acl["Id"], acl["Name"], acl["ARN"]):
            return acl["ARN"]
    sys.exit(f"error: no web ACL {physical}")


def tag_list(properties, key="Key", value="Value"):
    return [{key: tag["Key"], value: tag["Value"]} for tag in properties.get("Tags", [])]


def tag_map(properties):
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}


# What is put once more, by type.


def complete_key(aws, properties, made):
    key = made[""]
    if properties.get("EnableKeyRotation"):
        aws("kms").enable_key_rotation(KeyId=key)
    aws("kms").tag_resource(KeyId=key, Tags=tag_list(properties, "TagKey", "TagValue"))


def complete_log_group(aws, properties, made):
    group = made[""]
    aws("logs").put_retention_policy(logGroupName=group, retentionInDays=int(properties["RetentionInDays"]))
    if properties.get("Tags"):
        aws("logs").tag_resource(resourceArn=made["Arn"].removesuffix(":*"), tags=tag_map(properties))


def complete_role(aws, properties, made):
    if properties.get("Tags"):
        aws("iam").tag_role(RoleName=made[""], Tags=tag_list(properties))


def complete_topic(aws, properties, made):
    topic = made[""]

    def put(name, value):
        aws("sns").set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue=value)

    if "KmsMasterKeyId" in properties:
        put("KmsMasterKeyId", properties["KmsMasterKeyId"])
    for logging in properties.get("DeliveryStatusLogging", []):
        prefix = {"http/s": "HTTP", "sqs": "SQS", "lambda": "Lambda"}[logging["Protocol"]]
        put(f"{prefix}SuccessFeedbackRoleArn", logging["SuccessFeedbackRoleArn"])
        put(f"{prefix}FailureFeedbackRoleArn", logging["FailureFeedbackRoleArn"])
    aws("sns").tag_resource(ResourceArn=topic, Tags=tag_list(properties))


def complete_topic_policy(aws, properties, made):
    for topic in properties["Topics"]:
        aws("sns").set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(properties["PolicyDocument"])
        )


def complete_subscription(aws, properties, made):
    if "RedrivePolicy" in properties:
        aws("sns").set_subscription_attributes(
            SubscriptionArn=made[""],
            AttributeName="RedrivePolicy",
            AttributeValue=json.dumps(properties["RedrivePolicy"]),
        )


def complete_alarm(aws, properties, made):
    aws("cloudwatch").put_metric_alarm(**{**properties, "AlarmName": made[""]})
    aws("cloudwatch").tag_resource(ResourceARN=made["Arn"], Tags=tag_list(properties))


def complete_bucket(aws, properties, made):
    bucket = made[""]
    s3 = aws("s3")
    if "BucketEncryption" in properties:
        rules = []
        for rule in properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]:
            default = rule["ServerSideEncryptionByDefault"]
            rules.append(
                {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": bool(rule.get("BucketKeyEnabled"))}
            )
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})
    if "VersioningConfiguration" in properties:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=properties["VersioningConfiguration"])
    if "PublicAccessBlockConfiguration" in properties:
        block = properties["PublicAccessBlockConfiguration"]
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    if "ObjectLockConfiguration" in properties:
        lock = copy.deepcopy(properties["ObjectLockConfiguration"])
        retention = lock.get("Rule", {}).get("DefaultRetention", {})
        retention.update({unit: int(retention[unit]) for unit in ("Days", "Years") if unit in retention})
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=lock)
    if "LoggingConfiguration" in properties:
        logging = properties["LoggingConfiguration"]
        target = {
            "TargetBucket": logging["DestinationBucketName"],
            "TargetPrefix": logging.get("LogFilePrefix", ""),
        }
        s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": target})
    if "LifecycleConfiguration" in properties:
        s3.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration=lifecycle(properties["LifecycleConfiguration"])
        )
    if "NotificationConfiguration" in properties:
        functions = [
            {"LambdaFunctionArn": one["Function"], "Events": [one["Event"]]}
            for one in properties["NotificationConfiguration"]["LambdaConfigurations"]
        ]
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": functions}
        )
    if properties.get("Tags"):
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tag_list(properties)})


def complete_stage(aws, properties, made):
    operations = []

    def put(path, value):
        operations.append({"op": "replace", "path": path, "value": str(value)})

    access = properties["AccessLogSetting"]
    put("/accessLogSettings/destinationArn", access["DestinationArn"])
    put("/accessLogSettings/format", access["Format"])
    for setting in properties["MethodSettings"]:
        put("/*/*/logging/loglevel", setting["LoggingLevel"])
        put("/*/*/logging/dataTrace", str(setting["DataTraceEnabled"]).lower())
        put("/*/*/metrics/enabled", str(setting["MetricsEnabled"]).lower())
        put("/*/*/throttling/rateLimit", setting["ThrottlingRateLimit"])
        put("/*/*/throttling/burstLimit", setting["ThrottlingBurstLimit"])
    aws("apigateway").update_stage(
        restApiId=properties["RestApiId"], stageName=properties["StageName"], patchOperations=operations
    )


def complete_file_system(aws, properties, made):
    policy = copy.deepcopy(properties["FileSystemPolicy"])
    aws("efs").put_file_system_policy(FileSystemId=made[""], Policy=json.dumps(policy))
    aws("efs").put_backup_policy(FileSystemId=made[""], BackupPolicy=properties["BackupPolicy"])


def complete_database(aws, properties, made):
    aws("rds").modify_db_cluster(
        DBClusterIdentifier=made[""], DBClusterParameterGroupName=properties["DBClusterParameterGroupName"]
    )


def lifecycle(properties):
    """A lifecycle configuration as S3 wants it: with a filter, and with other names for two members."""
    rules = []
    for rule in properties["Rules"]:
        taken = {key: rule[key] for key in ("Status", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload") if key in rule}
        if "ExpirationInDays" in rule:
            taken["Expiration"] = {"Days": rule["ExpirationInDays"]}
        rules.append({"ID": rule["Id"], "Filter": {"Prefix": ""}, **taken})
    return {"Rules": rules}


def complete_function(aws, properties, made):
    name = made[""]
    logging = {key: properties["LoggingConfig"][key] for key in ("LogGroup", "LogFormat")}
    aws("lambda").update_function_configuration(
        FunctionName=name, KMSKeyArn=properties["KmsKeyArn"], LoggingConfig=logging
    )
    aws("lambda").put_function_concurrency(
        FunctionName=name, ReservedConcurrentExecutions=int(properties["ReservedConcurrentExecutions"])
    )
    aws("lambda").tag_resource(Resource=made["Arn"], Tags=tag_map(properties))
    # A function that is still being made is rightly reported as changing.
    for waiter in ("function_active_v2", "function_updated_v2"):
        aws("lambda").get_waiter(waiter).wait(FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def complete_retries(aws, properties, made):
    aws("lambda").put_function_event_invoke_config(
        FunctionName=properties["FunctionName"], DestinationConfig=properties["DestinationConfig"]
    )


COMPLETE = {
    "AWS::Lambda::Function": complete_function,
    "AWS::Lambda::EventInvokeConfig": complete_retries,
    "AWS::KMS::Key": complete_key,
    "AWS::Logs::LogGroup": complete_log_group,
    "AWS::IAM::Role": complete_role,
    "AWS::SNS::Topic": complete_topic,
    "AWS::SNS::TopicPolicy": complete_topic_policy,
    "AWS::SNS::Subscription": complete_subscription,
    "AWS::CloudWatch::Alarm": complete_alarm,
    "AWS::S3::Bucket": complete_bucket,
    "AWS::ApiGateway::Stage": complete_stage,
    "AWS::EFS::FileSystem": complete_file_system,
    "AWS::RDS::DBCluster": complete_database,
}


# What is made outside the stack, by type.


def make_trail(aws, template, properties):
    trail = properties["TrailName"]
    names = {"KMSKeyId": "KmsKeyId"}
    later = ("CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn")
    given = (
        "S3BucketName",
        "S3KeyPrefix",
        "IsMultiRegionTrail",
        "IncludeGlobalServiceEvents",
        "EnableLogFileValidation",
        "KMSKeyId",
    )
    settings = {names.get(key, key): properties[key] for key in given if key in properties}
    aws("cloudtrail").create_trail(Name=trail, **settings)
    # Given at creation these are lost by the emulator; put later they stay.
    if later[0] in properties:
        aws("cloudtrail").update_trail(Name=trail, **{key: properties[key] for key in later})
    arn = f"arn:aws:cloudtrail:{template.region}:{ACCOUNT}:trail/{trail}"
    aws("cloudtrail").add_tags(ResourceId=arn, TagsList=tag_list(properties))
    if "AdvancedEventSelectors" in properties:
        selectors = properties["AdvancedEventSelectors"]
        aws("cloudtrail").put_event_selectors(TrailName=trail, AdvancedEventSelectors=selectors)
    if "EventSelectors" in properties:
        aws("cloudtrail").put_event_selectors(TrailName=trail, EventSelectors=properties["EventSelectors"])
    aws("cloudtrail").start_logging(Name=trail)
    return {"": trail, "Arn": arn}


def make_config_rule(aws, template, properties):
    rule = {key: value for key, value in properties.items() if key != "InputParameters"}
    if "InputParameters" in properties:
        rule["InputParameters"] = json.dumps(properties["InputParameters"])
    aws("config").put_config_rule(ConfigRule=rule)
    return {"": properties["ConfigRuleName"]}


def make_recorder(aws, template, properties):
    group = properties["RecordingGroup"]
    recorder = {
        "name": properties["Name"],
        "roleARN": properties["RoleARN"],
        "recordingGroup": {
            "allSupported": group.get("AllSupported", False),
            "includeGlobalResourceTypes": group.get("IncludeGlobalResourceTypes", False),
        },
    }
    aws("config").put_configuration_recorder(ConfigurationRecorder=recorder)
    return {"": properties["Name"]}


def make_channel(aws, template, properties):
    channel = {"name": properties["Name"], "s3BucketName": properties["S3BucketName"]}
    if "S3KeyPrefix" in properties:
        channel["s3KeyPrefix"] = properties["S3KeyPrefix"]
    aws("config").put_delivery_channel(DeliveryChannel=channel)
    for recorder in aws("config").describe_configuration_recorders()["ConfigurationRecorders"]:
        aws("config").start_configuration_recorder(ConfigurationRecorderName=recorder["name"])
    return {"": properties["Name"]}


# The emulator has no operation that makes one of these: the recorded account stands for it.
CANNOT_BE_MADE = {
    "AWS::ApiGateway::VpcLink",
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::CloudWatch::AnomalyDetector",
    "AWS::Logs::QueryDefinition",
    "AWS::WAFv2::LoggingConfiguration",
}


def make_alarm(aws, template, properties):
    name = properties["AlarmName"]
    made = {"": name, "Arn": f"arn:aws:cloudwatch:{template.region}:{ACCOUNT}:alarm:{name}"}
    complete_alarm(aws, properties, made)
    return made


def make_address(aws, template, properties):
    address = aws("ec2").allocate_address(Domain="vpc")
    aws("ec2").create_tags(Resources=[address["AllocationId"]], Tags=tag_list(properties))
    return {"": address["PublicIp"], "AllocationId": address["AllocationId"]}


def make_nat_gateway(aws, template, properties):
    nat = aws("ec2").create_nat_gateway(
        SubnetId=properties["SubnetId"],
        AllocationId=properties["AllocationId"],
        ConnectivityType=properties["ConnectivityType"],
    )["NatGateway"]["NatGatewayId"]
    aws("ec2").create_tags(Resources=[nat], Tags=tag_list(properties))
    return {"": nat}


def make_route(aws, template, properties):
    aws("ec2").create_route(**properties)
    return {"": f"{properties['RouteTableId']}|{properties['DestinationCidrBlock']}"}


def make_flow_log(aws, template, properties):
    made = aws("ec2").create_flow_logs(
        ResourceType=properties["ResourceType"],
        ResourceIds=[properties["ResourceId"]],
        TrafficType=properties["TrafficType"],
        LogDestinationType=properties["LogDestinationType"],
        LogGroupName=properties["LogGroupName"],
        DeliverLogsPermissionArn=properties["DeliverLogsPermissionArn"],
        MaxAggregationInterval=properties["MaxAggregationInterval"],
    )
    return {"": made["FlowLogIds"][0]}


def make_ingress(aws, template, properties):
    source = {
        "UserId": ACCOUNT,
        "GroupId": properties["SourceSecurityGroupId"],
        "Description": properties["Description"],
    }
    permission = {
        "IpProtocol": properties["IpProtocol"],
        "FromPort": properties["FromPort"],
        "ToPort": properties["ToPort"],
        "UserIdGroupPairs": [source],
    }
    aws("ec2").authorize_security_group_ingress(GroupId=properties["GroupId"], IpPermissions=[permission])
    return {"": f"ingress of {properties['GroupId']}"}


def make_association(aws, template, properties):
    aws("wafv2").associate_web_acl(WebACLArn=properties["WebACLArn"], ResourceArn=properties["ResourceArn"])
    # AWS lets the stage name its web ACL by itself, and takes no such operation.
    *_, api, _, stage = properties["ResourceArn"].split("/")
    operation = {"op": "replace", "path": "/webAclArn", "value": properties["WebACLArn"]}
    aws("apigateway").update_stage(restApiId=api, stageName=stage, patchOperations=[operation])
    return {"": f"{properties['WebACLArn']}|{properties['ResourceArn']}"}


MAKE = {
    "AWS::EC2::EIP": make_address,
    "AWS::EC2::FlowLog": make_flow_log,
    "AWS::EC2::NatGateway": make_nat_gateway,
    "AWS::EC2::Route": make_route,
    "AWS::EC2::SecurityGroupIngress": make_ingress,
    "AWS::WAFv2::WebACLAssociation": make_association,
    "AWS::CloudWatch::Alarm": make_alarm,
    "AWS::CloudTrail::Trail": make_trail,
    "AWS::Config::ConfigRule": make_config_rule,
    "AWS::Config::ConfigurationRecorder": make_recorder,
    "AWS::Config::DeliveryChannel": make_channel,
}


class Stack:
    """What is deployed: a template of stacks/ with its parameters."""

    def __init__(self, file, name, **parameters):
        self.path = STACKS / file
        self.json = file.endswith(".json")
        self.name = name
        self.parameters = {"EnvironmentSuffix": SUFFIX, **parameters}


def existing_secret(name):
    """The name of a secret that is there before the stack is, and its ARN, whose ending the emulator makes up."""
    return f"meditech/{name}-{SUFFIX}"


SECRETS = {
    "DatabaseSecretArn": ("database", {"username": "records", "password": "made-up-Passw0rd-41"}),
    "CacheSecretArn": ("cache", {"token": "made-up-token-of-more-than-16"}),
    "ApiKeySecretArn": ("api-key", {"key": "made-up-key"}),
}


def set_up_meditech(aws):
    """Makes what the stack refers to and does not make: three secrets with a key of their own, and the trail's bucket."""
    key = aws("kms").create_key(Description=f"Secrets of {SUFFIX}")["KeyMetadata"]["Arn"]
    aws("kms").enable_key_rotation(KeyId=key)
    parameters = {"SecretsKeyArn": key}
    for parameter, (name, value) in SECRETS.items():
        made = aws("secretsmanager").create_secret(
            Name=existing_secret(name), KmsKeyId=key, SecretString=json.dumps(value)
        )
        parameters[parameter] = made["ARN"]
    bucket = f"trail-archive-{SUFFIX}-{ACCOUNT}"
    aws("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return {**parameters, "TrailBucketName": bucket}


DEPLOYMENTS = {
    "meditech": (
        "eu-central-1",
        [
            Stack(
                "meditech.yaml",
                f"TapStack{SUFFIX}",
                ImageRepositoryName="records-service",
                ImageDigest="sha256:" + "0123456789abcdef" * 4,
                ServiceDomainName="records.clinic.example",
                ServiceCertificateArn=(
                    f"arn:aws:acm:eu-central-1:{ACCOUNT}:certificate/0f6d5a1c-7d43-4a2a-9a41-3c2b1f0e9d8a"
                ),
            )
        ],
    ),
    "patient-data": (
        "us-east-2",
        [Stack("patient-data.json", f"TapStack{SUFFIX}", DatabasePassword="made-up-Passw0rd-41")],
    ),
    "monitoring": (
        "eu-west-2",
        [
            Stack("log-archive.json", f"LogArchive{SUFFIX}"),
            Stack(
                "monitoring.json",
                f"TapStack{SUFFIX}",
                AlertEmail="on-call@clinic.example",
                AlertHttpsEndpoint="https://pager.clinic.example/alerts",
            ),
        ],
    ),
}


def deploy(aws, region, stack, imports):
    """Deploys one stack; returns its template with everything that was made."""
    template = Template(stack.path, region, stack.parameters, imports)
    create_stack(aws, template, stack)
    refused = [name for name, resource in template.resources.items() if is_refused(resource)]
    pending = [name for name in refused if template.resources[name]["Type"] not in CANNOT_BE_MADE]
    while pending:
        stuck = []
        for name in pending:
            try:
                properties = template.properties(name)
            except KeyError:
                stuck.append(name)
                continue
            template.made[name] = MAKE[template.resources[name]["Type"]](aws, template, properties)
        if len(stuck) == len(pending):
            sys.exit(f"error: {stack.path}: {', '.join(stuck)} rest on what the emulator cannot make")
        pending = stuck
    for name, resource in template.resources.items():
        complete = COMPLETE.get(resource["Type"])
        if complete:
            complete(aws, template.properties(name), template.made[name])
    return template


def outputs_of(template):
    return {
        name: template.resolve(output["Value"])
        for name, output in template.document.get("Outputs", {}).items()
        if template.condition(output.get("Condition"))
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--endpoint", required=True, help="where the emulator listens, on 127.0.0.1")
    parser.add_argument("--out", required=True, type=pathlib.Path, help="directory for flat-outputs.json")
    parser.add_argument("stack", choices=sorted(DEPLOYMENTS))
    arguments = parser.parse_args()

    if urllib.parse.urlsplit(arguments.endpoint).hostname != "127.0.0.1":
        parser.error(f"refusing to deploy to {arguments.endpoint}: only an emulator on 127.0.0.1 is used")

    region, stacks = DEPLOYMENTS[arguments.stack]
    aws = connect(arguments.endpoint, region)
    imports, outputs = {}, {}
    try:
        if arguments.stack == "meditech":
            stacks[-1].parameters.update(set_up_meditech(aws))
        for stack in stacks:
            template = deploy(aws, region, stack, imports)
            outputs = outputs_of(template)
            for name, output in template.document.get("Outputs", {}).items():
                if "Export" in output and name in outputs:
                    imports[template.resolve(output["Export"]["Name"])] = outputs[name]
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"error: cannot deploy into the emulator at {arguments.endpoint}: {error}")

    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / "flat-outputs.json"
    path.write_text(json.dumps(outputs, indent=2) + "\n", encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
