"""What a script without runbook costs: the calls named in a file, through one httpx client, each answer parsed.

It checks nothing, asks nobody, keeps nothing. `bare.py URL FILE INVOICE`; FILE holds a JSON list of [method, target].
"""

import json
import sys
import uuid

import httpx

url, file, invoice = sys.argv[1:]
with open(file) as calls, httpx.Client(base_url=url, headers={"Authorization": "Bearer key"}, timeout=90) as client:
    for method, target in json.load(calls):
        answer = client.request(
            method, target.replace("{invoice}", invoice), headers={"X-Request-Id": str(uuid.uuid4())}
        )
        answer.raise_for_status()
        answer.json()
