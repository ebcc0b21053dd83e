"""An HTTP client with urllib.request: a GET, and a POST of a form."""
import sys
import urllib.parse
import urllib.request

base = f"http://127.0.0.1:{sys.argv[1]}"
with urllib.request.urlopen(f"{base}/hello", timeout=10) as response:
    print(response.status, response.read().decode().strip(), flush=True)
form = urllib.parse.urlencode({"name": "Ann", "note": "a&b=c"}).encode()
with urllib.request.urlopen(f"{base}/form", data=form, timeout=10) as response:
    print(response.status, response.read().decode().strip(), flush=True)
