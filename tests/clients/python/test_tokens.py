"""Tokens as PyJWT mints them: the recipe, other algorithms, registered public keys, and what must be refused."""

import base64
import contextlib
import datetime
import hashlib
import hmac
import json
import os
import time
import unittest

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from client import ForkedWorkspaceTest, recipe_token, send

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
STRANGERS_KEY = ec.generate_private_key(ec.SECP256R1())


def public_pem(private_key) -> str:
    return (
        private_key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


@contextlib.contextmanager
def local_time_zone(name: str):
    before = os.environ["TZ"]
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        os.environ["TZ"] = before
        time.tzset()


class TokenTest(ForkedWorkspaceTest):
    def claims(self, **more):
        return {"workspaceKey": self.workspace.key, "tenantKey": "acme", **more}

    def signed(self, key, algorithm, **more):
        return jwt.encode(self.claims(**more), key, algorithm=algorithm)

    def whoami(self, token):
        return send("GET", self.workspace.api_uri + "/self", token)

    def assert_is_acme(self, token):
        self.assertEqual(self.assert_ok(self.whoami(token))["internalId"], "acme")

    def assert_unauthenticated(self, token):
        self.assert_refused(self.whoami(token), 401, "not_authenticated")

    def change_workspace(self, token=None, **changes):
        return self.assert_ok(
            self.workspace.call(
                "PATCH", f"/workspaces/{self.workspace.key}", changes, token=token or self.workspace.manager_token()
            )
        )

    def register(self, **private_keys):
        keys = [{"name": name, "publicKey": public_pem(key)} for name, key in private_keys.items()]
        return self.change_workspace(publicKeys=keys)


class Recipe(TokenTest):
    def test_the_documented_recipe_makes_the_tenant_with_its_name(self):
        token = recipe_token(self.workspace.key, self.workspace.secret, "acme", "Zoë & Söhne")

        tenant = self.assert_ok(self.whoami(token))

        self.assertEqual(tenant["internalId"], "acme")
        self.assertEqual(tenant["name"], "Zoë & Söhne")
        self.assertEqual(tenant["workspaceKey"], self.workspace.key)

    def test_the_recipe_mints_an_expired_token_where_local_time_is_behind_utc(self):
        with local_time_zone("Etc/GMT+8"):
            token = recipe_token(self.workspace.key, self.workspace.secret, "acme")

        self.assert_unauthenticated(token)

    def test_an_expiry_with_a_time_zone_is_right_in_any_local_time(self):
        with local_time_zone("Etc/GMT+8"):
            expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=7200)
            token = self.signed(self.workspace.secret, "HS256", exp=expiry)

        self.assert_is_acme(token)

    def test_fields_in_the_token_are_kept_with_the_tenant(self):
        token = self.signed(self.workspace.secret, "HS256", fields={"plan": "pro"})

        self.assertEqual(self.assert_ok(self.whoami(token))["fields"], {"plan": "pro"})


class Symmetric(TokenTest):
    def test_hs256_hs384_and_hs512_are_accepted(self):
        for algorithm in ("HS256", "HS384", "HS512"):
            with self.subTest(algorithm):
                self.assert_is_acme(self.signed(self.workspace.secret, algorithm))

    def test_another_secret_is_refused_with_every_algorithm(self):
        for algorithm in ("HS256", "HS384", "HS512"):
            with self.subTest(algorithm):
                self.assert_unauthenticated(self.signed("not-" + self.workspace.secret, algorithm))

    def test_a_new_secret_counts_at_once_and_the_old_one_no_more(self):
        old, new = self.workspace.secret, "a-new-secret-that-is-not-real/" + "0123456789" * 6

        self.change_workspace(secret=new)

        self.assert_unauthenticated(self.signed(old, "HS256"))
        self.assert_is_acme(self.signed(new, "HS256"))


class Refused(TokenTest):
    def test_a_call_without_a_token_is_refused(self):
        self.assert_unauthenticated(None)

    def test_what_is_no_token_is_refused(self):
        for token in ("garbage", "a.b.c", "eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJIUzI1NiJ9..", "pat-not-a-real-token"):
            with self.subTest(token):
                self.assert_unauthenticated(token)

    def test_an_expired_token_is_refused(self):
        self.assert_unauthenticated(self.signed(self.workspace.secret, "HS256", exp=1_600_000_000))

    def test_an_unsigned_token_is_refused(self):
        self.assert_unauthenticated(jwt.encode(self.claims(), None, algorithm="none"))

    def test_the_token_of_an_unknown_workspace_is_refused(self):
        self.assert_unauthenticated(self.signed(self.workspace.secret, "HS256", workspaceKey="no-such-workspace"))

    def test_a_token_whose_old_and_new_claims_disagree_is_refused(self):
        self.assert_unauthenticated(self.signed(self.workspace.secret, "HS256", id="not-acme"))

    def test_a_refusal_does_not_repeat_the_secret_or_the_token(self):
        token = self.signed("not-" + self.workspace.secret, "HS256")

        text = json.dumps(self.whoami(token).body)

        self.assertNotIn(self.workspace.secret, text)
        self.assertNotIn(token, text)


class PublicKeys(TokenTest):
    def test_a_token_signed_with_a_key_nobody_registered_is_refused(self):
        self.assert_unauthenticated(self.signed(RSA_KEY, "RS256"))
        self.assert_unauthenticated(self.signed(EC_KEY, "ES256"))

    def test_registered_keys_are_accepted_with_rs256_ps256_and_es256(self):
        self.register(rsa=RSA_KEY, ec=EC_KEY)

        for key, algorithm in ((RSA_KEY, "RS256"), (RSA_KEY, "PS256"), (EC_KEY, "ES256")):
            with self.subTest(algorithm):
                self.assert_is_acme(self.signed(key, algorithm))

    def test_the_workspace_shows_the_registered_keys_but_never_its_secret(self):
        workspace = self.register(rsa=RSA_KEY, ec=EC_KEY)

        self.assertEqual([key["name"] for key in workspace["publicKeys"]], ["rsa", "ec"])
        self.assertEqual(workspace["publicKeys"][0]["publicKey"].strip(), public_pem(RSA_KEY).strip())
        self.assertNotIn(self.workspace.secret, json.dumps(workspace))

    def test_the_secret_stays_valid_beside_a_registered_key(self):
        self.register(ec=EC_KEY)

        self.assert_is_acme(self.signed(self.workspace.secret, "HS256"))

    def test_a_registered_key_does_not_let_another_key_in(self):
        self.register(ec=EC_KEY)

        self.assert_unauthenticated(self.signed(STRANGERS_KEY, "ES256"))

    def test_a_key_that_was_taken_off_the_workspace_is_refused(self):
        self.register(ec=EC_KEY)
        self.assert_is_acme(self.signed(EC_KEY, "ES256"))

        self.change_workspace(publicKeys=[])

        self.assert_unauthenticated(self.signed(EC_KEY, "ES256"))

    def test_a_public_key_does_not_serve_as_a_shared_secret(self):
        self.register(rsa=RSA_KEY)

        for secret in (public_pem(RSA_KEY), public_pem(RSA_KEY).strip()):
            self.assert_unauthenticated(self.hs256_by_hand(secret))

    def test_a_workspace_that_turned_its_secret_off_accepts_only_its_keys(self):
        self.register(ec=EC_KEY)
        manager = jwt.encode({"workspaceKey": self.workspace.key, "isAdmin": True}, EC_KEY, algorithm="ES256")

        self.change_workspace(token=manager, settings={"disableSecretKeyAuth": True})

        self.assert_unauthenticated(self.signed(self.workspace.secret, "HS256"))
        self.assert_is_acme(self.signed(EC_KEY, "ES256"))

    def hs256_by_hand(self, secret: str) -> str:
        """PyJWT itself refuses to sign with a public key."""

        def encode(raw: bytes) -> str:
            return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

        unsigned = encode(b'{"alg":"HS256","typ":"JWT"}') + "." + encode(json.dumps(self.claims()).encode())
        return unsigned + "." + encode(hmac.new(secret.encode(), unsigned.encode(), hashlib.sha256).digest())


if __name__ == "__main__":
    unittest.main()
