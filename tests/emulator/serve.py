#!/usr/bin/env python3
"""Runs the emulator until standard input ends, and with it until the tests end, however they end.

usage: serve.py < PIPE, with the emulator's settings in the environment; TMPDIR must be its own directory

A test binary has no hook for its end, and one that was killed could not run it. Its end of the pipe closes anyway.
"""

import os
import shutil
import sys
import threading


def end_with_the_tests():
    sys.stdin.buffer.read()
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    # One stream, so that whoever reads the log reads all of it.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    threading.Thread(target=end_with_the_tests, daemon=True).start()

    import botocore.session
    from ministack.app import main
    from ministack.core import router

    # Asked for a service that it has not, it reads the models of all of them, and answers nobody for half a minute. Their
    # names are enough for it to say that it has not got the service.
    router._KNOWN_AWS_SERVICE_NAMES = frozenset(botocore.session.get_session().get_available_services())

    sys.argv = ["ministack"]
    main()
