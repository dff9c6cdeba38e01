"""Unary calls of gRPC's C core: `grpc_unary.py plain|TLS METHOD...`; the answer, or what the client shows of it."""

import sys

import grpc

scheme, *methods = sys.argv[1:]
with (
    grpc.secure_channel("secure.client.test:443", grpc.ssl_channel_credentials())
    if scheme == "TLS"
    else grpc.insecure_channel("plain.client.test:80")
) as channel:
    for method in methods:
        try:
            answer = channel.unary_unary(f"/shop.Products/{method}")(b"\x0a\x0210", timeout=20)
            print(f"{method}: {answer!r}", flush=True)
        except grpc.RpcError as error:
            print(f"{method}: {error.code().name} {error.details()}", flush=True)
