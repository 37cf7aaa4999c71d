#!/usr/bin/env python3
"""Makes a user of the emulated account who may read a part of what an audit reads, and prints an access key.

usage: narrow_user.py --endpoint http://127.0.0.1:PORT [--name NAME]

Left out on purpose: everything of KMS and CloudTrail. S3 is allowed, yet refused: the buckets deny what does not
come over TLS, and the emulator is asked over plain HTTP. Only the account's root key is beyond that policy here.
"""

import argparse
import json

from seed import connect

ALLOWED = ["cloudformation:*", "iam:*", "lambda:*", "logs:*", "s3:*"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--endpoint", required=True, help="where the emulator listens, on 127.0.0.1")
    parser.add_argument("--name", default="narrow-auditor", help="the user's name")
    arguments = parser.parse_args()
    iam = connect(arguments.endpoint)("iam")

    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ALLOWED, "Resource": "*"}]}
    iam.create_user(UserName=arguments.name)
    iam.put_user_policy(UserName=arguments.name, PolicyName="ReadSome", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=arguments.name)["AccessKey"]
    print(json.dumps({"id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}))


if __name__ == "__main__":
    main()
