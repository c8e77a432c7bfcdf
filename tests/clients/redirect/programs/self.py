"""A program with the platform's addresses written into it: it asks who it is. Prints the tenants by the way of asking."""

import json
import os
from urllib.request import Request, urlopen

import httpx
import requests

headers = {"Authorization": f"Bearer {os.environ['MEMBRANE_TOKEN']}"}
url = "https://api.getmembrane.com/self"
older = "https://api.integration.app/self"

with urlopen(Request(older, headers=headers)) as response:
    found = {"urllib": json.load(response)["internalId"]}
found["requests"] = requests.get(url, headers=headers).json()["internalId"]
found["httpx"] = httpx.get(older, headers=headers).json()["internalId"]
print(json.dumps(found))
