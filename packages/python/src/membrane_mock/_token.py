"""Tokens of tenants, minted as a product mints them: HS512 with the workspace's secret, from the standard library."""

import base64
import hashlib
import hmac
import json
import time

LIFETIME_S = 24 * 60 * 60


def tenant_token(workspace_key: str, workspace_secret: str, tenant_key: str) -> str:
    """Returns a token of the tenant, valid for a day of real time."""
    header = {"alg": "HS512", "typ": "JWT"}
    claims = {"workspaceKey": workspace_key, "tenantKey": tenant_key, "exp": int(time.time()) + LIFETIME_S}
    signed = f"{_part(json.dumps(header).encode())}.{_part(json.dumps(claims).encode())}"
    signature = hmac.new(workspace_secret.encode(), signed.encode(), hashlib.sha512).digest()
    return f"{signed}.{_part(signature)}"


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
