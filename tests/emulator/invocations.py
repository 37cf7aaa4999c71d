#!/usr/bin/env python3
"""Counts three invocations of the seeded function, three hours ago, in the emulator's CloudWatch.

usage: invocations.py --endpoint http://127.0.0.1:PORT

On AWS the service itself counts; the emulator counts what it is told.
"""

import argparse
import datetime

from seed import FUNCTION, connect

COUNT = 3


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--endpoint", required=True, help="where the emulator listens, on 127.0.0.1")
    cloudwatch = connect(parser.parse_args().endpoint)("cloudwatch")
    cloudwatch.put_metric_data(
        Namespace="AWS/Lambda",
        MetricData=[
            {
                "MetricName": "Invocations",
                "Dimensions": [{"Name": "FunctionName", "Value": FUNCTION}],
                "Timestamp": datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=3),
                "Value": COUNT,
                "Unit": "Count",
            }
        ],
    )


if __name__ == "__main__":
    main()
