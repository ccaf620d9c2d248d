#!/usr/bin/env bash
# Names the Python to use: the first of those here that is no shared library, which serves a call with some 15 % less CPU
# (bench/compare.py with two interpreters); else `python3`.
for python in python3 /usr/bin/python3 python3.{14,13,12,11}; do
  if "$python" 2>/dev/null - <<'CHECK'; then
import sys, venv
sys.exit(sys.version_info < (3, 11) or "libpython" in open("/proc/self/maps").read())
CHECK
    echo "$python"
    exit
  fi
done
echo python3
