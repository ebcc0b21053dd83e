"""An HTTP client with requests: JSON out and in over one kept connection."""
import sys

import requests

base = f"http://127.0.0.1:{sys.argv[1]}"
with requests.Session() as session:
    for number in range(2):
        response = session.post(f"{base}/users", json={"id": number}, timeout=10)
        print(response.status_code, response.json(), flush=True)
