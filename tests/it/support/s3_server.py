"""A server that speaks S3, for the tests: moto's, on a free port, with one bucket. Says where it is, and ends with
its standard input."""
import sys
import urllib.request

from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
endpoint = f"http://127.0.0.1:{port}"
signed = "AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x"
request = urllib.request.Request(f"{endpoint}/{sys.argv[1]}", method="PUT", headers={"authorization": signed})
urllib.request.urlopen(request).read()
print(endpoint, flush=True)
sys.stdin.read()
